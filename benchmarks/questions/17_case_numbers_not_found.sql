-- References to other agencies' cases that find none, by who wrote them and why.
select agency_code, named_agency_code, unmatched_reason_code, count(*) as records
from fct_case_reference where not is_matched group by all order by records desc, agency_code, named_agency_code, unmatched_reason_code
