-- One row per charge against one accused and delivery, as the Attorney General's Chambers sent it.
{{ mids.stage('agc__charges') }}
