-- Raids of the police for trafficking, and cases and victims per raid, by year: counts against their exposure.
select year_number, count(distinct operation_key) as raids, count(*) as cases, sum(victims_identified) as victims,
  round(sum(victims_identified) / count(distinct operation_key), 2) as victims_per_raid
from fct_case join fct_operation as raid using (operation_key) join dim_date on raid.event_on = date_on
where fct_case.crime_type_code = 'TIP' group by year_number order by year_number
