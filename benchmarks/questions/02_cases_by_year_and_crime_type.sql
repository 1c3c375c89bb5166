-- Cases per year and crime type, by event date.
select year_number, crime_type_code, sum(count_value) as cases
from fct_weekly_count join dim_date on event_week = date_on
where unit_code = 'case' group by all order by all
