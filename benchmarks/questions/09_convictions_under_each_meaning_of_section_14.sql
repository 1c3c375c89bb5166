-- Charges and convictions under section 14, before and after it changed meaning.
select effective_from, count(*) filter (where is_charged) as charges,
  count(*) filter (where charge_outcome_code = 'CONVICTED') as convictions
from fct_charge join dim_offence using (offence_key)
where act_code = 'ATIPSOM' and section = '14' group by effective_from order by effective_from
