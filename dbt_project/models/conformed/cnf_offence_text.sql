-- One row per written section and Act met in the feeds, with the offence it means.
with written as (

    select
        section_text,
        cast(null as {{ dbt.type_string() }}) as act_text
    from {{ ref('stg_pdrm__cases') }}
    union
    select
        section_text,
        cast(null as {{ dbt.type_string() }}) as act_text
    from {{ ref('stg_jim__operations') }}
    union
    select
        section_text,
        act_text
    from {{ ref('stg_agc__charges') }}

),

plain as (

    select distinct {{ mids.plain_text("concat_ws(' ', section_text, act_text)") }} as offence_text
    from written
    where section_text is not null or act_text is not null

),

sections as (

    -- Numbers of Acts are not sections: "Sek. 12 Akta 670" is section 12.
    select
        offence_text,
        replace(
            trim(
                {{ mids.first_match(
                    mids.replace_all("concat(' ', offence_text, ' ')", ' (AKTA|ACT) [0-9]+( [0-9]+)?', ' '),
                    '[0-9]+( ?[A-K]( |$))?'
                ) }}
            ), ' ', ''
        ) as section
    from plain

),

acts as (

    select
        plain.offence_text,
        map_act.act_code,
        row_number() over (
            partition by plain.offence_text
            order by map_act.precedence, map_act.pattern
        ) as preference
    from plain
    inner join {{ ref('map_act') }} as map_act
        on map_act.pattern is null or {{ dbt.position('map_act.pattern', 'plain.offence_text') }} > 0

)

select
    sections.offence_text,
    acts.act_code,
    sections.section,
    coalesce(map_section.offence_code, whole_act.offence_code) as offence_code
from sections
inner join acts
    on sections.offence_text = acts.offence_text and acts.preference = 1
left join {{ ref('map_section') }} as map_section
    on acts.act_code = map_section.act_code and sections.section = map_section.section
left join {{ ref('ref_offence') }} as whole_act
    on acts.act_code = whole_act.offence_code
