-- Counted persons whom more than one agency lists, by crime type and year.
select year_number, crime_type_code, count(*) as persons, count(*) filter (where agency_count > 1) as of_several_agencies
from fct_person_in_case join dim_date on event_on = date_on where is_counted group by all order by all
