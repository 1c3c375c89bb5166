-- One row per official or press figure, as published.
select
    figure.figure_id,
    figure.topic_code,
    figure.measure_code,
    measure.name_en as measure_name_en,
    measure.name_ms as measure_name_ms,
    measure.unit_en,
    measure.unit_ms,
    figure.period_start,
    figure.period_end,
    figure.calendar_code,
    figure.scope_agency_code,
    figure.crime_type_code,
    figure.publisher,
    figure.value as published_value,
    figure.is_approximate,
    figure.mark,
    figure.source,
    coalesce(figure.conflict_code, 'NONE') as conflict_code
from {{ ref('ref_published_figure') }} as figure
inner join {{ ref('ref_figure_measure') }} as measure on figure.measure_code = measure.figure_measure_code
