-- One row per entry point at which the border agency recorded an encounter: where its posts are and since when.
select
    encounter.entry_point_code,
    min(encounter.entry_point_name) as entry_point_name,
    min(coalesce(map_state.state_code, 'XX')) as state_code,
    min({{ mids.week_start('cast(encounter.occurred_at as date)') }}) as first_week,
    max({{ mids.week_start('cast(encounter.occurred_at as date)') }}) as last_week,
    min(encounter.known_on) as known_on
from {{ ref('stg_akps__encounters') }} as encounter
left join {{ ref('map_state') }} as map_state
    on {{ mids.plain_text('encounter.state_name') }} = map_state.spelling
where encounter.entry_point_code is not null and encounter.occurred_at is not null
group by encounter.entry_point_code
