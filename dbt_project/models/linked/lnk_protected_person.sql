-- One row per protection order, with its case and the person whom it protects. The Welfare Department's persons are on
-- other agencies' lists already: within the case that the order names, the same document, name or birth date decides;
-- where that finds nobody, the person whom record linkage holds to be the same. Every layer above asks this table.
with shared_case as (

    select
        case_no_norm,
        min(case_key) as case_key
    from {{ ref('lnk_case') }}
    where case_no_norm is not null
    group by case_no_norm

),

protected as (

    select
        told.order_record_id,
        coalesce(shared_case.case_key, 'XX') as case_key,
        nullif({{ mids.replace_all('upper(told.document_no)', '[^0-9A-Z]', '') }}, '') as document_plain,
        {{ mids.plain_text('told.full_name') }} as name_plain,
        told.sex_code,
        told.birth_date,
        told.nationality_code
    from {{ ref('cnf_protection_order') }} as told
    left join shared_case on told.case_no_norm = shared_case.case_no_norm

),

listed as (

    select
        link.case_key,
        link.person_key,
        nullif({{ mids.replace_all('upper(person.document_no)', '[^0-9A-Z]', '') }}, '') as document_plain,
        {{ mids.plain_text('person.full_name') }} as name_plain,
        person.sex_code,
        person.birth_date,
        person.nationality_code
    from {{ ref('lnk_person') }} as link
    inner join {{ ref('cnf_person') }} as person on link.person_record_id = person.person_record_id
    inner join {{ ref('ref_role') }} as role on person.role_code = role.role_code
    where
        role.is_counted
        and link.case_key in (
            select protected.case_key
            from protected
            where protected.case_key <> 'XX'
        )

),

compared as (

    select
        protected.order_record_id,
        listed.person_key,
        case
            when protected.document_plain = listed.document_plain then 1
            when protected.name_plain = listed.name_plain and protected.sex_code = listed.sex_code then 2
            when
                protected.birth_date = listed.birth_date
                and protected.sex_code = listed.sex_code
                and protected.nationality_code = listed.nationality_code
                then 3
        end as match_level
    from protected
    inner join listed on protected.case_key = listed.case_key

),

best as (

    select
        order_record_id,
        min(match_level) as match_level
    from compared
    group by order_record_id

),

found as (

    select
        compared.order_record_id,
        compared.match_level,
        min(compared.person_key) as person_key,
        count(distinct compared.person_key) as person_count
    from compared
    inner join best
        on compared.order_record_id = best.order_record_id and compared.match_level = best.match_level
    group by compared.order_record_id, compared.match_level

),

-- An order is about one person: the one it resembles most, if that is enough.
resembling as (

    select
        pair.order_record_id,
        link.person_key,
        pair.is_same_person,
        row_number() over (
            partition by pair.order_record_id
            order by pair.match_probability desc, link.person_key asc, pair.person_record_id asc
        ) as preference
    from {{ source('linked', 'order_pair') }} as pair
    inner join {{ ref('lnk_person') }} as link on pair.person_record_id = link.person_record_id

)

select
    protected.order_record_id,
    protected.case_key,
    -- Two persons of the case who fit alike: nobody is chosen.
    case
        when found.person_count = 1 then found.person_key
        when found.person_count is null then coalesce(linked.person_key, 'XX')
        else 'XX'
    end as person_key,
    case
        when found.person_count is null and linked.person_key is not null then 'LINKED'
        when protected.case_key = 'XX' then 'NO_CASE'
        when found.match_level is null then 'NOT_LISTED'
        when found.person_count > 1 then 'AMBIGUOUS'
        when found.match_level = 1 then 'DOCUMENT'
        when found.match_level = 2 then 'NAME'
        else 'BIRTH_DATE'
    end as person_match_code
from protected
left join found on protected.order_record_id = found.order_record_id
left join resembling as linked
    on
        protected.order_record_id = linked.order_record_id
        and linked.preference = 1
        and linked.is_same_person
