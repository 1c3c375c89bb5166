-- One row per intercepted boat and delivery, as the maritime agency sent it.
{{ mids.stage('apmm__interceptions') }}
