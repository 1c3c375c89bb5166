-- Trafficking cases per US report year (April to March) beside the calendar year's.
select us_tip_year, count(*) as cases_us_year,
  count(*) filter (where year_number = us_tip_year) as of_them_in_calendar_year
from fct_case join dim_date on event_on = date_on
where crime_type_code = 'TIP' group by us_tip_year order by us_tip_year
