-- Smuggling cases by lead agency and year, with who held the entry points.
select year_number, fct_case.agency_code, count(*) as cases,
  max(case when duty.agency_code is not null then 1 else 0 end) as held_entry_points
from fct_case join dim_date on event_on = date_on
left join dim_agency_duty as duty on duty.duty_code = 'ENTRY_POINTS' and duty.agency_code = fct_case.agency_code
  and event_on >= duty.effective_from and (duty.effective_to is null or event_on < duty.effective_to)
where crime_type_code = 'SOM' group by all order by all
