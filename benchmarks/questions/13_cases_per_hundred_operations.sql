-- Operations, and those that opened a case, by agency, kind and year: counts against their exposure.
select agency_code, operation_kind_code, year_number, count(*) as operations,
  round(100.0 * count(*) filter (where has_case) / count(*), 2) as with_case_per_100
from fct_operation join dim_date on event_on = date_on group by all order by all
