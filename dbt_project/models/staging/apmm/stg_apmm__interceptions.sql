-- One row per intercepted boat and delivery, as the maritime agency sent it.
{{ mids.stage('apmm__interceptions', recorded_on='reported_at') }}
