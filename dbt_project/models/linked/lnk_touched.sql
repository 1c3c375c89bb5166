-- One row per record, case, person or raid whose rows may change because something new was told of it, or of what
-- hangs together with it by a case number, a person, a raid or a file; empty when everything is built anew.
-- depends_on: {{ ref('cnf_touched') }}
{% set last_person, last_case = mids.last_build('linked', 'lnk_person'), mids.last_build('linked', 'lnk_case') -%}
{% set shares = [
    (ref('cnf_case_version'), 'case_record_id', "'number', case_no_norm", 'case_no_norm is not null'),
    (ref('cnf_case_version'), 'case_record_id', "'record', source_agency_code, source_record_key", 'true'),
    (ref('cnf_case_version'), 'case_record_id', "'raid', source_agency_code, raid_no",
        "case_kind_code = 'INVESTIGATION' and raid_no is not null"),
    (ref('cnf_person_version'), 'person_record_id', "'number', case_no_norm", 'case_no_norm is not null'),
    (ref('cnf_person_version'), 'person_record_id', "'record', source_agency_code, case_source_key",
        'case_source_key is not null'),
    (ref('cnf_person_version'), 'person_record_id', "'file', person_record_id", "source_agency_code = 'AGC'"),
    (ref('cnf_charge'), 'charge_record_id', "'file', person_record_id", 'true'),
    (ref('cnf_charge'), 'charge_record_id', "'number', case_no_norm", 'case_no_norm is not null'),
    (source('linked', 'person_link'), 'person_record_id', "'person', person_key", 'true'),
    (last_person, 'person_record_id', "'person', person_key", 'is_linked'),
    (last_case, 'case_record_id', "'case', case_key", 'true'),
    (mids.last_build('marts', 'fct_charge'), 'charge_key', "'case', case_key", "case_key <> 'XX'"),
] -%}
{% if mids.only_news() -%}
-- What each record shares with others, or shared at the last build, as hashes: two that are alike by chance make the
-- set larger, never wrong.
with recursive edge as materialized (

    {% for relation, record, shared, condition in shares -%}
    select
        hash({{ record }}) as record_hash,
        hash({{ shared }}) as shared_hash
    from {{ relation }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

last_linked as (

    select * from {{ last_person }}
    where is_linked

),

relinked as (

    select coalesce(held.person_record_id, link.person_record_id) as person_record_id
    from last_linked as held
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
