-- One row per check and current record of a person whom an organisation or the foreign ministry reported, or whom
-- the police found as a victim: what the police, the foreign ministry and the places of refuge know of that person,
-- now and a week ago. No report is left out.
with today as (

    select
        max(known_on) as as_of_on,
        cast({{ dbt.dateadd('day', -7, 'max(known_on)') }} as date) as week_before_on
    from {{ ref('cnf_person_version') }}

),

first_told as (

    select
        person_record_id,
        min(known_on) as first_known_on
    from {{ ref('cnf_person_version') }}
    group by person_record_id

),

record as (

    select
        person.person_record_id,
        link.person_key,
        link.match_probability,
        person.source_agency_code,
        person.source_case_no,
        person.role_code,
        person.age_years,
        person.country_code,
        first_told.first_known_on
    from {{ ref('cnf_person') }} as person
    inner join {{ ref('lnk_person') }} as link on person.person_record_id = link.person_record_id
    inner join first_told on person.person_record_id = first_told.person_record_id

),

-- Who is looked for, and in whose records.
asked as (

    select
        'NGO_REPORT' as check_code,
        'NGO' as source_agency_code,
        'PDRM' as target_agency_code
    union all
    select
        'NGO_REPORT' as check_code,
        'NGO' as source_agency_code,
        'KLN' as target_agency_code
    union all
    select
        'WISMA_PUTRA_REPORT' as check_code,
        'KLN' as source_agency_code,
        'PDRM' as target_agency_code
    union all
    select
        'POLICE_VICTIM' as check_code,
        'PDRM' as source_agency_code,
        'JKM' as target_agency_code

),

-- The records that a check looks for: all reports, and of the police's lists the victims.
sought as (

    select
        asked.check_code,
        asked.target_agency_code,
        record.*
    from record
    inner join asked on record.source_agency_code = asked.source_agency_code
    where asked.check_code <> 'POLICE_VICTIM' or record.role_code = 'VICTIM'

),

order_told as (

    select
        order_no,
        min(known_on) as first_known_on
    from {{ ref('stg_jkm__protection_orders') }}
    group by order_no

),

order_found as (

    select
        found.order_record_id,
        found.person_record_id,
        record.person_key,
        found.match_probability,
        found.reasons_en,
        found.reasons_ms,
        orders.order_no,
        order_told.first_known_on,
        row_number() over (
            partition by found.order_record_id, record.person_key
            order by found.match_probability desc, found.person_record_id asc
        ) as preference
    from {{ source('linked', 'order_pair') }} as found
    inner join {{ ref('cnf_protection_order') }} as orders on found.order_record_id = orders.order_record_id
    inner join order_told on orders.order_no = order_told.order_no
    inner join record on found.person_record_id = record.person_record_id

),

-- The person whom an order protects, as the facts have it; how alike they are is told by the pair, if there is one.
order_person as (

    select
        protected.order_record_id,
        protected.person_key,
        found.match_probability,
        coalesce(found.reasons_en, 'same case, and the same document, name or birth date') as reasons_en,
        coalesce(found.reasons_ms, 'kes yang sama, dan dokumen, nama atau tarikh lahir yang sama') as reasons_ms,
        orders.order_no,
        order_told.first_known_on
    from {{ ref('lnk_protected_person') }} as protected
    inner join {{ ref('cnf_protection_order') }} as orders on protected.order_record_id = orders.order_record_id
    inner join order_told on orders.order_no = order_told.order_no
    left join order_found as found
        on
            protected.order_record_id = found.order_record_id
            and protected.person_key = found.person_key
            and found.preference = 1
    where protected.person_key <> 'XX'

),

pair as (

    select
        person_record_id_l as person_record_id,
        person_record_id_r as target_record_id,
        match_probability,
        reasons_en,
        reasons_ms
    from {{ source('linked', 'person_pair') }}
    union all
    select
        person_record_id_r as person_record_id,
        person_record_id_l as target_record_id,
        match_probability,
        reasons_en,
        reasons_ms
    from {{ source('linked', 'person_pair') }}

),

-- Records of the same person at the agency asked; how they were found is told by the pair, if there is one.
match_found as (

    select
        sought.check_code,
        sought.person_record_id,
        sought.target_agency_code,
        target.person_record_id as target_record_id,
        target.source_case_no as target_case_no,
        greatest(sought.first_known_on, target.first_known_on) as found_on,
        target.first_known_on as target_known_on,
        true as is_same_person,
        coalesce(pair.match_probability, sought.match_probability) as match_probability,
        coalesce(pair.reasons_en, 'linked through another record of this person') as reasons_en,
        coalesce(pair.reasons_ms, 'dikaitkan melalui rekod lain orang ini') as reasons_ms
    from sought
    inner join record as target
        on sought.person_key = target.person_key and sought.target_agency_code = target.source_agency_code
    left join pair
        on
            sought.person_record_id = pair.person_record_id
            and target.person_record_id = pair.target_record_id
    union all
    select
        sought.check_code,
        sought.person_record_id,
        sought.target_agency_code,
        target.person_record_id as target_record_id,
        target.source_case_no as target_case_no,
        greatest(sought.first_known_on, target.first_known_on) as found_on,
        target.first_known_on as target_known_on,
        false as is_same_person,
        pair.match_probability,
        pair.reasons_en,
        pair.reasons_ms
    from sought
    inner join pair on sought.person_record_id = pair.person_record_id
    inner join record as target
        on pair.target_record_id = target.person_record_id and sought.target_agency_code = target.source_agency_code
    where sought.person_key <> target.person_key
    union all
    select
        sought.check_code,
        sought.person_record_id,
        sought.target_agency_code,
        order_person.order_record_id as target_record_id,
        order_person.order_no as target_case_no,
        greatest(sought.first_known_on, order_person.first_known_on) as found_on,
        order_person.first_known_on as target_known_on,
        true as is_same_person,
        order_person.match_probability,
        order_person.reasons_en,
        order_person.reasons_ms
    from sought
    inner join order_person on sought.person_key = order_person.person_key
    where sought.target_agency_code = 'JKM'
    union all
    select
        sought.check_code,
        sought.person_record_id,
        sought.target_agency_code,
        order_found.order_record_id as target_record_id,
        order_found.order_no as target_case_no,
        greatest(sought.first_known_on, order_found.first_known_on) as found_on,
        order_found.first_known_on as target_known_on,
        false as is_same_person,
        order_found.match_probability,
        order_found.reasons_en,
        order_found.reasons_ms
    from sought
    inner join order_found on sought.person_record_id = order_found.person_record_id
    left join order_person on order_found.order_record_id = order_person.order_record_id
    where sought.target_agency_code = 'JKM' and order_person.order_record_id is null

),

summed as (

    select
        match_found.check_code,
        match_found.person_record_id,
        min(
            case
                when
                    match_found.target_agency_code = 'PDRM' and match_found.is_same_person
                    then match_found.target_known_on
            end
        ) as police_known_on,
        min(
            case
                when
                    match_found.target_agency_code = 'KLN' and match_found.is_same_person
                    then match_found.target_known_on
            end
        ) as wisma_known_on,
        min(
            case
                when
                    match_found.target_agency_code = 'JKM' and match_found.is_same_person
                    then match_found.target_known_on
            end
        ) as shelter_known_on,
        max(case when match_found.is_same_person then 0 else 1 end) as likely_flag,
        min(
            case
                when match_found.target_agency_code = 'PDRM' and match_found.is_same_person then match_found.found_on
            end
        ) as police_found_on,
        min(
            case
                when match_found.target_agency_code = 'KLN' and match_found.is_same_person then match_found.found_on
            end
        ) as wisma_found_on,
        min(
            case
                when match_found.target_agency_code = 'JKM' and match_found.is_same_person then match_found.found_on
            end
        ) as shelter_found_on,
        min(case when not match_found.is_same_person then match_found.found_on end) as likely_found_on
    from match_found
    group by match_found.check_code, match_found.person_record_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by check_code, person_record_id
            order by
                case when is_same_person then 0 else 1 end, match_probability desc, target_record_id asc
        ) as preference
    from match_found

),

best as (

    select * from ranked
    where preference = 1

),

numbered as (

    select distinct
        check_code,
        person_record_id,
        target_case_no
    from match_found
    where target_case_no is not null

),

case_numbers as (

    select
        check_code,
        person_record_id,
        {{ mids.sorted_list('target_case_no', "', '") }} as matching_record_nos
    from numbered
    group by check_code, person_record_id

),

-- A consular case of the same person that ended well ends the captivity.
home as (

    select distinct link.person_key
    from {{ ref('cnf_consular_case') }} as consular
    inner join {{ ref('lnk_person') }} as link on consular.consular_record_id = link.person_record_id
    where consular.case_status_code in ('RESCUED', 'REPATRIATED')

),

reported as (

    select distinct
        sought.check_code,
        sought.person_record_id,
        sought.person_key,
        sought.source_agency_code,
        sought.source_case_no,
        sought.age_years,
        sought.country_code,
        sought.first_known_on,
        coalesce(
            report.case_status_code, consular.case_status_code, police.case_status_code, 'XX'
        ) as case_status_code
    from sought
    left join {{ ref('cnf_ngo_report') }} as report on sought.person_record_id = report.report_record_id
    left join {{ ref('cnf_consular_case') }} as consular
        on sought.person_record_id = consular.consular_record_id
    left join {{ ref('cnf_case') }} as police
        on sought.source_agency_code = police.source_agency_code and sought.source_case_no = police.source_case_no

),

judged as (

    select
        reported.check_code,
        reported.person_record_id,
        reported.person_key,
        reported.source_agency_code,
        reported.source_case_no,
        reported.country_code,
        reported.case_status_code,
        reported.first_known_on,
        today.as_of_on,
        reported.first_known_on > today.week_before_on as is_new_report,
        case
            when summed.police_known_on is not null and summed.wisma_known_on is not null then 'BOTH'
            when summed.police_known_on is not null then 'KNOWN_POLICE'
            when summed.wisma_known_on is not null then 'KNOWN_WISMA'
            when summed.shelter_known_on is not null then 'KNOWN_SHELTER'
            when coalesce(summed.likely_flag, 0) = 1 then 'LIKELY'
            else 'NEW'
        end as status_code,
        case
            when
                summed.police_found_on <= today.week_before_on and summed.wisma_found_on <= today.week_before_on
                then 'BOTH'
            when summed.police_found_on <= today.week_before_on then 'KNOWN_POLICE'
            when summed.wisma_found_on <= today.week_before_on then 'KNOWN_WISMA'
            when summed.shelter_found_on <= today.week_before_on then 'KNOWN_SHELTER'
            when summed.likely_found_on <= today.week_before_on then 'LIKELY'
            else 'NEW'
        end as status_code_week_before,
        case
            when reported.age_years is null then 'XX'
            when reported.age_years < 18 then 'Y'
            else 'N'
        end as is_child_code,
        reported.country_code not in ('MY', 'XX')
        and held.code is not null
        and home.person_key is null as is_captive,
        ended.code is null
        and reported.case_status_code <> 'RESCUED'
        and home.person_key is null as is_open,
        summed.police_known_on,
        summed.wisma_known_on,
        summed.shelter_known_on,
        best.match_probability,
        best.reasons_en,
        best.reasons_ms,
        best.target_record_id,
        case_numbers.matching_record_nos
    from reported
    cross join today
    left join home on reported.person_key = home.person_key
    left join {{ ref('ref_final_status') }} as ended
        on reported.case_status_code = ended.code and ended.domain = 'case_status'
    left join {{ ref('ref_held_status') }} as held on reported.case_status_code = held.code
    left join summed
        on reported.check_code = summed.check_code and reported.person_record_id = summed.person_record_id
    left join best
        on reported.check_code = best.check_code and reported.person_record_id = best.person_record_id
    left join case_numbers
        on
            reported.check_code = case_numbers.check_code
            and reported.person_record_id = case_numbers.person_record_id

)

select
    check_code,
    person_record_id,
    person_key,
    source_agency_code,
    source_case_no,
    country_code,
    case_status_code,
    first_known_on,
    as_of_on,
    status_code,
    case when is_new_report then null else status_code_week_before end as status_code_week_before,
    case
        when is_new_report then 'NEW_REPORT'
        when status_code <> status_code_week_before then 'STATUS_CHANGED'
        else 'UNCHANGED'
    end as change_code,
    is_child_code,
    is_captive,
    is_open,
    -- 1 is most urgent: a child first, then whoever is still held, then whoever nobody knows of; a closed case last.
    cast(
        case
            when not is_open then 9
            else
                1
                + case when is_child_code = 'Y' then 0 else 4 end
                + case when is_captive then 0 else 2 end
                + case when status_code in ('NEW', 'LIKELY') then 0 else 1 end
        end as {{ dbt.type_bigint() }}
    ) as urgency_level,
    match_probability,
    reasons_en,
    reasons_ms,
    target_record_id,
    matching_record_nos,
    police_known_on,
    wisma_known_on,
    shelter_known_on
from judged
