-- Persons in refuge on the first day of each month.
select date_on, count(stay.shelter_stay_key) as persons
from dim_date left join fct_shelter_stay as stay
  on stay.admitted_on <= date_on and (stay.left_on is null or stay.left_on > date_on)
where date_on = month_start and date_on between date '2022-01-01' and date '2026-06-01'
group by date_on order by date_on
