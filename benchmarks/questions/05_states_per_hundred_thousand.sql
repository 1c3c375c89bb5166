-- Counted persons by state per 100 000 residents of the last census.
with residents as (
  select state_code, sum(population) as population from fct_population
  where census_year = (select max(census_year) from fct_population) group by state_code)
select state_name_en, count(*) as persons, round(100000.0 * count(*) / any_value(population), 2) as per_100_000
from fct_person_in_case join dim_state using (state_code) join residents using (state_code)
where is_counted group by state_name_en order by per_100_000 desc, state_name_en
