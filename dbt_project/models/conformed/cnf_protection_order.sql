-- One row per interim protection order of one person, as the Welfare Department tells it now, with the Magistrate's
-- decision and the stays in places of refuge that followed. A later step of a case other agencies opened: its persons
-- are on their lists already and are not counted again.
with coded as (

    select
        {{ mids.record_id(["'jkm'", "'protection_orders'", 'told.source_record_key']) }} as order_record_id,
        told.source_record_key,
        told.order_no,
        told.source_case_no,
        {{ mids.case_no_norm('told.source_case_no') }} as case_no_norm,
        told.full_name,
        coalesce(sex.code, 'U') as sex_code,
        told.birth_date,
        coalesce(nationality.country_code, 'XX') as nationality_code,
        {{ mids.document_type('told.document_no', 'cast(null as ' ~ dbt.type_string() ~ ')') }} as document_type,
        told.document_no,
        told.court_name,
        told.interim_on,
        told.interim_until,
        coalesce(decision.code, 'XX') as order_decision_code,
        told.decided_on,
        told.order_until,
        told.recorded_on,
        {{ mids.unmapped([
            ['sex', 'told.sex', 'sex.code'],
            ['nationality', 'told.nationality_text', 'nationality.country_code'],
            ['decision', 'told.decision', 'decision.code'],
        ]) }} as unmapped,
        coalesce(told.updated_at, cast(told.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        told.known_on,
        told.is_deleted,
        told._effective_at,
        told._sent_on,
        told._receipt_id,
        told._line_no
    from {{ ref('stg_jkm__protection_orders') }} as told
    left join {{ ref('map_code') }} as sex
        on sex.domain = 'sex' and {{ mids.plain_text('told.sex') }} = sex.spelling
    left join {{ ref('map_code') }} as decision
        on decision.domain = 'order_decision' and {{ mids.plain_text('told.decision') }} = decision.spelling
    left join {{ ref('map_country') }} as nationality
        on {{ mids.plain_text('told.nationality_text') }} = nationality.spelling

),

versions as (

    {{ mids.versions('coded', ['order_record_id']) }}

),

stays as (

    select
        order_no,
        count(*) as stay_count,
        min(admitted_on) as admitted_on,
        -- Still in refuge while any stay is open.
        case when count(left_on) = count(*) then max(left_on) end as left_on
    from {{ ref('cnf_shelter_stay') }}
    group by order_no

),

last_stay as (

    select
        order_no,
        shelter_exit_code,
        row_number() over (partition by order_no order by admitted_on desc, stay_no desc) as preference
    from {{ ref('cnf_shelter_stay') }}

)

select
    versions.order_record_id,
    versions.source_record_key,
    versions.order_no,
    versions.source_case_no,
    versions.case_no_norm,
    versions.full_name,
    versions.sex_code,
    versions.birth_date,
    versions.nationality_code,
    versions.document_type,
    versions.document_no,
    versions.court_name,
    versions.interim_on,
    versions.interim_until,
    versions.order_decision_code,
    versions.decided_on,
    versions.order_until,
    coalesce(stays.stay_count, 0) as stay_count,
    stays.admitted_on,
    stays.left_on,
    case when stays.order_no is null then 'NOT_ADMITTED' else last_stay.shelter_exit_code end as shelter_exit_code,
    versions.recorded_on,
    versions.unmapped,
    versions.updated_at,
    versions.known_on
from versions
left join stays on versions.order_no = stays.order_no
left join last_stay on versions.order_no = last_stay.order_no and last_stay.preference = 1
where versions.is_current
