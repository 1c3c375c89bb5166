-- Interim orders, orders granted and days to the decision, by year.
select year_number, count(*) as interim, count(*) filter (where order_decision_code = 'GRANTED') as granted,
  median(days_to_decision) as median_days, count(*) filter (where is_decided_after_interim) as decided_late
from fct_protection_order join dim_date on event_on = date_on group by year_number order by year_number
