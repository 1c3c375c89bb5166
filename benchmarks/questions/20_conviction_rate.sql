-- Share of decided charges that ended in conviction, by year of decision and Act: withdrawn charges and discharges apart.
select year_number, act_code, count(*) as decided, count(*) filter (where charge_outcome_code = 'CONVICTED') as convicted,
  count(*) filter (where charge_outcome_code in ('WITHDRAWN', 'DNAA')) as withdrawn_or_discharged,
  round(count(*) filter (where charge_outcome_code = 'CONVICTED')
    / nullif(count(*) filter (where charge_outcome_code in ('CONVICTED', 'ACQUITTED')), 0), 2) as conviction_share
from fct_charge join dim_offence using (offence_key) join dim_date on outcome_on = date_on
where is_charged group by all order by all
