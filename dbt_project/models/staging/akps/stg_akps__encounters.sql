-- One row per person listed in an encounter at an entry point and delivery, as the border agency sent it.
{{ mids.stage('akps__encounters') }}
