-- One row per organisation's report, list (form of exploitation, means of control, recruitment) and code in it.
with listed as (

    select
        report_record_id,
        'exploitation' as list_code,
        {{ mids.list_items('exploitation_types', "';'") }} as item_text
    from {{ ref('cnf_ngo_report') }}
    union all
    select
        report_record_id,
        'control' as list_code,
        {{ mids.list_items('control_methods', "';'") }} as item_text
    from {{ ref('cnf_ngo_report') }}
    union all
    select
        report_record_id,
        'recruitment' as list_code,
        {{ mids.list_items('recruitment_methods', "';'") }} as item_text
    from {{ ref('cnf_ngo_report') }}

),

known as (

    select
        'exploitation' as list_code,
        spelling,
        exploitation_code as code
    from {{ ref('map_exploitation') }}
    union all
    select
        'control' as list_code,
        upper(control_method_code) as spelling,
        control_method_code as code
    from {{ ref('ref_control_method') }}
    union all
    select
        'recruitment' as list_code,
        upper(recruitment_method_code) as spelling,
        recruitment_method_code as code
    from {{ ref('ref_recruitment_method') }}

)

select distinct
    listed.report_record_id,
    listed.list_code,
    coalesce(known.code, 'Unknown') as item_code
from listed
left join known
    on listed.list_code = known.list_code and {{ mids.plain_text('listed.item_text') }} = known.spelling
where {{ mids.plain_text('listed.item_text') }} <> ''
