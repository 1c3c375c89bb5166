-- One row per stay of one protected person in one place of refuge, as the Welfare Department tells it now.
with coded as (

    select
        {{ mids.record_id(["'jkm'", "'shelter_stays'", 'told.source_record_key']) }} as stay_record_id,
        told.source_record_key,
        told.order_no,
        told.stay_no,
        told.shelter_name,
        told.admitted_on,
        told.left_on,
        coalesce(exit_reason.code, case when told.left_on is null then 'STAYING' else 'XX' end) as shelter_exit_code,
        told.recorded_on,
        {{ mids.unmapped([['exit_reason', 'told.exit_reason', 'exit_reason.code']]) }} as unmapped,
        coalesce(told.updated_at, cast(told.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        told.known_on,
        told.is_deleted,
        told._effective_at,
        told._sent_on,
        told._receipt_id,
        told._line_no
    from {{ ref('stg_jkm__shelter_stays') }} as told
    left join {{ ref('map_code') }} as exit_reason
        on exit_reason.domain = 'shelter_exit' and {{ mids.plain_text('told.exit_reason') }} = exit_reason.spelling

),

versions as (

    {{ mids.versions('coded', ['stay_record_id']) }}

)

select
    stay_record_id,
    source_record_key,
    order_no,
    stay_no,
    shelter_name,
    admitted_on,
    left_on,
    shelter_exit_code,
    recorded_on,
    unmapped,
    updated_at,
    known_on
from versions
where is_current
