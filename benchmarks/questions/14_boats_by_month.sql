-- Boats and migrants intercepted by calendar month: the season.
select month_number, count(*) as boats, sum(migrant_count) as migrants, round(avg(migrant_count), 1) as per_boat
from fct_interception join dim_date on event_on = date_on group by month_number order by month_number
