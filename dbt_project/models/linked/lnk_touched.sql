-- One row per record, case, person or raid whose rows may change because something new was told of it, or of what
-- hangs together with it by a case number, a person, a raid or a file; empty when everything is built anew.
-- depends_on: {{ ref('cnf_touched') }}, {{ ref('cnf_case_version') }}, {{ ref('cnf_person_version') }}, {{ ref('cnf_charge') }}
-- depends_on: {{ source('linked', 'person_link') }}
{% set last_person, last_case = mids.last_build('linked', 'lnk_person'), mids.last_build('linked', 'lnk_case') -%}
{% if mids.only_news() -%}
-- What each record shares with others, as hashes: two that are alike by chance make the set larger, never wrong.
with recursive edge as materialized (

    select hash(case_record_id) as record_hash, hash('number', case_no_norm) as shared_hash
    from {{ ref('cnf_case_version') }}
    where case_no_norm is not null
    union all
    select hash(case_record_id), hash('record', source_agency_code, source_record_key)
    from {{ ref('cnf_case_version') }}
    union all
    select hash(case_record_id), hash('raid', source_agency_code, raid_no)
    from {{ ref('cnf_case_version') }}
    where case_kind_code = 'INVESTIGATION' and raid_no is not null
    union all
    select hash(person_record_id), hash('number', case_no_norm)
    from {{ ref('cnf_person_version') }}
    where case_no_norm is not null
    union all
    select hash(person_record_id), hash('record', source_agency_code, case_source_key)
    from {{ ref('cnf_person_version') }}
    where case_source_key is not null
    union all
    select hash(charge_record_id), hash('number', case_no_norm)
    from {{ ref('cnf_charge') }}
    where case_no_norm is not null
    union all
    select hash(charge_record_id), hash('file', person_record_id)
    from {{ ref('cnf_charge') }}
    union all
    select hash(person_record_id), hash('file', person_record_id)
    from {{ ref('cnf_person_version') }}
    where source_agency_code = 'AGC'
    union all
    -- Whom linkage joins now, and whom it joined before.
    select hash(person_record_id), hash('person', person_key)
    from {{ source('linked', 'person_link') }}
    union all
    select hash(person_record_id), hash('person', person_key)
    from {{ last_person }}
    where is_linked
    union all
    -- The case that a record or a charge was of before.
    select hash(case_record_id), hash('case', case_key)
    from {{ last_case }}
    union all
    select hash(charge_key), hash('case', case_key)
    from {{ mids.last_build('marts', 'fct_charge') }}
    where case_key <> 'XX'

),

relinked as (

    select coalesce(held.person_record_id, link.person_record_id) as person_record_id
    from (select * from {{ last_person }} where is_linked) as held
    full join {{ source('linked', 'person_link') }} as link on held.person_record_id = link.person_record_id
    where
        held.person_key is distinct from link.person_key
        or held.match_probability is distinct from link.match_probability
        or held.match_weight is distinct from link.match_weight
        or held.model_version is distinct from link.model_version
        or held.cluster_size is distinct from link.cluster_size

),

reached as (

    select hash(touched_key) as node from {{ ref('cnf_touched') }}
    union
    select hash(person_record_id) as node from relinked
    union
    select unnest([edge.record_hash, edge.shared_hash]) as node
    from edge
    where
        edge.record_hash in (select reached.node from reached)
        or edge.shared_hash in (select reached.node from reached)

),

person as (

    select distinct person_record_id
    from {{ ref('cnf_person_version') }}
    where hash(person_record_id) in (select reached.node from reached)

),

investigated as (

    select distinct
        case_record_id,
        case_no_norm,
        case_kind_code,
        source_agency_code,
        raid_no
    from {{ ref('cnf_case_version') }}
    where hash(case_record_id) in (select reached.node from reached)

)

select touched_key from {{ ref('cnf_touched') }}
union
select person_record_id as touched_key from person
union
select case_record_id as touched_key from investigated
union
select charge_record_id as touched_key
from {{ ref('cnf_charge') }}
where hash(charge_record_id) in (select reached.node from reached)
union
select {{ mids.record_id(["'case'", 'coalesce(case_no_norm, case_record_id)']) }} as touched_key from investigated
union
select {{ mids.record_id(["'case'", 'case_record_id']) }} as touched_key from investigated
union
select case_key as touched_key
from {{ last_case }}
where case_record_id in (select investigated.case_record_id from investigated)
union
select {{ mids.record_id(["'raid'", 'source_agency_code', 'raid_no']) }} as touched_key
from investigated
where case_kind_code = 'INVESTIGATION' and raid_no is not null
union
select {{ dbt.concat(["'unlinked-'", 'person_record_id']) }} as touched_key from person
union
select person_key as touched_key
from {{ source('linked', 'person_link') }}
where person_record_id in (select person.person_record_id from person)
union
select person_key as touched_key
from {{ last_person }}
where person_record_id in (select person.person_record_id from person)
{%- else -%}
select cast(null as {{ dbt.type_string() }}) as touched_key
where 1 = 0
{%- endif %}
