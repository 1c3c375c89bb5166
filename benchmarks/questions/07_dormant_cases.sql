-- Open trafficking cases of which nothing was heard for half a year, by agency and state.
select agency_code, state_code, count(*) as dormant, min(last_activity_on) as oldest
from fct_case_lifecycle where is_dormant and crime_type_code = 'TIP' group by all order by dormant desc, agency_code, state_code limit 20
