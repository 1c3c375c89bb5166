-- One row per counted victim, in the terms of HTCDS; a release holds synthetic rows in the place of these.
select
    cast(row_number() over (order by victim.person_key) as {{ dbt.type_bigint() }}) as record_no,
    cast(extract(year from victim.event_on) as {{ dbt.type_string() }}) as hte_year,
    victim.crime_type_code,
    victim.state_code as hte_state,
    case victim.sex_code
        when 'F' then 'Feminine'
        when 'M' then 'Masculine'
        else 'NonSpecifiedUnknown'
    end as prs_gender,
    victim.nationality_code as prs_citizenship,
    victim.age_band_code as vic_age_when_trafficked,
    exploitation.htcds_code as vic_type_of_exploitation,
    victim.protection_order_code
from {{ ref('fct_person_in_case') }} as victim
inner join {{ ref('dim_exploitation') }} as exploitation on victim.exploitation_code = exploitation.exploitation_code
where victim.is_counted and victim.role_code = 'VICTIM'
