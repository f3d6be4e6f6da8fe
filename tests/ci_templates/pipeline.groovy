// The part of Jenkins' pipeline language that the templates use: `sh` runs, the rest is told.
class Pipeline {
    Map<String, String> environ = [:]

    def pipeline(Closure body) { inside(body) }
    def agent(kind) { }
    def getAny() { 'any' }
    def options(Closure body) { inside(body) }
    def timeout(Map how) { assert how.unit in ['HOURS', 'MINUTES'] }
    def environment(Closure body) {
        def box = new Expando()
        body.delegate = box
        body.resolveStrategy = Closure.DELEGATE_ONLY
        body()
        box.properties.each { name, value -> environ[name] = value.toString() }
    }
    def stages(Closure body) { inside(body) }
    def steps(Closure body) { inside(body) }
    def stage(String name, Closure body) {
        Throwable failed = null
        def later = []
        body.delegate = new Stage(pipeline: this, later: later)
        body.resolveStrategy = Closure.DELEGATE_FIRST
        try { body() } catch (Throwable error) { failed = error }
        later.each { inside(it) }
        if (failed) throw failed
    }
    def withEnv(List<String> given, Closure body) {
        def before = new HashMap(environ)
        given.each { environ[it.split('=', 2)[0]] = it.split('=', 2)[1] }
        try { inside(body) } finally { environ = before }
    }
    def sh(String script) {
        def builder = new ProcessBuilder('sh', '-xe', '-c', script).inheritIO()
        builder.environment().putAll(environ)
        def code = builder.start().waitFor()
        if (code) throw new RuntimeException("script returned exit code ${code}")
    }
    def junit(Map how) { uploaded("junit ${how.testResults}") }
    def archiveArtifacts(Map how) { uploaded("archive ${how.artifacts}") }
    def uploaded(String what) {
        println what
        if (System.getenv('BROKEN')) error("${what}: it is broken")
    }
    def catchError(Map how, Closure body) {
        assert how.buildResult == null
        try { inside(body) } catch (Exception error) { println "${how.message}: ${error.message}" }
    }
    def error(String message) { throw new RuntimeException(message) }

    def inside(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
    }
}

class Stage {
    Pipeline pipeline
    List later

    def steps(Closure body) { pipeline.inside(body) }
    def post(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
    }
    def always(Closure body) { later << body }
}

// A declarative `post` stands after `steps`, which may have failed: it has to be known before.
def told(String text) {
    text.replaceAll(/(?s)(            steps \{.*?\n            \}\n)(            post \{.*?\n            \}\n)/) { all, first, last ->
        last + first
    }
}

def shell = new GroovyShell(this.class.classLoader, new Binding(), new org.codehaus.groovy.control.CompilerConfiguration(scriptBaseClass: DelegatingScript.name))
def script = shell.parse(told(new File(args[0]).text))
def pipeline = new Pipeline()
script.setDelegate(pipeline)
try {
    if (args[0].endsWith('Jenkinsfile')) {
        script.run()
    } else {
        script.invokeMethod('call', [args.drop(1).collectEntries { it.split('=', 2) as List }] as Object[])
    }
} catch (Throwable error) {
    System.err.println(error.message)
    System.exit(1)
}
