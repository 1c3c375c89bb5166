-- One row per year, crime type and protection order: counted victims, migrants and missing persons.
{{ mids.victim_counts(['protection_order_code']) }}
