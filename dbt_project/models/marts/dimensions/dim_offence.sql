-- One row per offence and period in which the law gave it one meaning and penalty.
select
    offence_key,
    offence_code,
    act_code,
    coalesce(section, 'XX') as section,
    name_en as offence_name_en,
    name_ms as offence_name_ms,
    crime_type_code,
    penalty_en,
    iccs_code,
    effective_from,
    effective_to,
    effective_to is null as is_in_force,
    -- Offences dated before the law came into force, or after it ended, keep the nearest meaning.
    case
        when row_number() over (partition by offence_code order by effective_from) = 1
            then cast('1900-01-01' as date)
        else effective_from
    end as match_from,
    coalesce(effective_to, cast('9999-12-31' as date)) as match_to
from {{ ref('ref_offence') }}
