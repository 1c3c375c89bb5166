-- Convictions and persons convicted per year of decision: two units, side by side.
select year_number, count(*) as convictions, count(distinct person_key) as persons
from fct_charge join dim_date on outcome_on = date_on
where charge_outcome_code = 'CONVICTED' group by year_number order by year_number
