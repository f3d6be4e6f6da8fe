// A step of a shared library whose path is ci-templates/jenkins: `mlgate()` or
// `mlgate(stage: 'monitor', project: 'models/churn')`, at the end of a stage that you have already.
def call(Map inputs = [:]) {
    def known = ['stage', 'install', 'python', 'project', 'base', 'out']
    def unknown = inputs.keySet() - known
    if (unknown) {
        error("mlgate: unknown ${unknown.join(', ')}; known: ${known.join(', ')}")
    }
    def out = inputs.out ?: 'mlgate-out'
    try {
        withEnv(inputs.collect { name, value -> "MLGATE_${name.toUpperCase()}=${value}" }) {
            sh '''
                # The same lines in every template: install, one `mlgate check`, its reports in one folder. The exit
                # code is mlgate's; what cannot be installed is 3, "could not tell", as 1 would mean "failed".
                set -eu
                set --
                out=${MLGATE_OUT:-mlgate-out}
                mkdir -p -- "$out"
                for report in json:report.json junit:junit.xml code-scanning:code-scanning.sarif codequality:codequality.json openmetrics:metrics.txt markdown:report.md; do
                    rm -f -- "$out/${report#*:}"
                    set -- "$@" --format "${report%%:*}:$out/${report#*:}"
                done
                code=0
                mlgate=mlgate
                home=
                if [ -n "${MLGATE_INSTALL=mlgate[code]==0.1.0}" ]; then
                    home=$(mktemp -d)
                    venv=$home/mlgate-ci/venv
                    mlgate=$venv/bin/mlgate
                    "${MLGATE_PYTHON:-python3}" -m venv "$venv" || code=3
                    [ "$code" -ne 0 ] || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -- "$MLGATE_INSTALL" || code=3
                fi
                [ "$code" -ne 0 ] || "$mlgate" check --stage "${MLGATE_STAGE:-merge}" --deepen ${MLGATE_BASE:+"--base=$MLGATE_BASE"} ${MLGATE_PROJECT:+"--project=$MLGATE_PROJECT"} --format text "$@" || code=$?
                [ -z "$home" ] || rm -rf -- "$home"
                echo "MLGATE_EXIT_CODE=$code" > "$out/exit-code.env"
                [ -z "${GITHUB_OUTPUT:-}" ] || echo "exit-code=$code" >> "$GITHUB_OUTPUT"
                exit "$code"
            '''
        }
    } finally {
        // What cannot be shown or kept changes no verdict: that is the exit code above.
        catchError(message: 'the verdicts cannot be shown as tests', buildResult: null) {
            junit testResults: "${out}/junit.xml", allowEmptyResults: true, skipMarkingBuildUnstable: true
        }
        catchError(message: 'the reports cannot be kept', buildResult: null) {
            archiveArtifacts artifacts: "${out}/**", allowEmptyArchive: true
        }
    }
}
