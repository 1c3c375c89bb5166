-- Median and ninth decile of the days from referral to charge, per year charged.
select year_number, count(*) as cases, median(days_to_charge) as median_days, quantile_cont(days_to_charge, 0.9) as p90_days
from fct_case_lifecycle join dim_date on charged_on = date_on
where days_to_charge is not null group by year_number order by year_number
