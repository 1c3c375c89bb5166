-- How much of each month's cases was known after 1, 4, 12 and 52 weeks.
select month_code,
  sum(count_value) filter (where date_diff('week', event_week, known_week) <= 1) as within_1,
  sum(count_value) filter (where date_diff('week', event_week, known_week) <= 4) as within_4,
  sum(count_value) filter (where date_diff('week', event_week, known_week) <= 12) as within_12,
  sum(count_value) as known_now
from fct_weekly_count join dim_date on event_week = date_on
where unit_code = 'case' and crime_type_code = 'TIP' group by month_code order by month_code
