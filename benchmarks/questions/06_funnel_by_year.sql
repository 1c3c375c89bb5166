-- How far the cases of each year have come.
select year_number, stage_code, count(*) as cases
from fct_case_lifecycle join dim_date on event_on = date_on group by all order by all
