-- One row per counted person and means of control that an organisation reported, or Unknown; the weights of a
-- person sum to one.
{{ config(materialized=mids.brought_up_to_date(), unique_key='person_key') }}
with victim as (

    select person_key
    from {{ mids.touched('fct_person_in_case', 'person_key') }}
    where is_counted

),

told as (

    select distinct
        person.person_key,
        item.item_code as control_method_code
    from {{ ref('cnf_report_item') }} as item
    inner join {{ mids.touched('lnk_person', 'person_record_id') }} as person
        on item.report_record_id = person.person_record_id
    where item.list_code = 'control' and item.item_code <> 'Unknown'

)

select
    victim.person_key,
    coalesce(told.control_method_code, 'Unknown') as control_method_code,
    cast(1.0 as double) / count(*) over (partition by victim.person_key) as weight
from victim
left join told on victim.person_key = told.person_key
