"""The diagnostic codes: what each says. `docs/diagnostics.md` is written from this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic: a title of a few words, and one sentence on what it means."""

    title: str
    meaning: str


RANGES: tuple[tuple[str, str], ...] = (
    ("0", "Source files"),
    ("1", "Syntax outside the language"),
    ("2", "Names and types"),
    ("3", "Use of constructs"),
    ("4", "Ownership of values"),
    ("5", "Definitions of flows, tasks, prompts and apps"),
    ("6", "Input and configuration"),
    ("7", "Engines"),
)
"""First digit of a code, and what its codes are about."""

SOURCE = {
    "SKY001": Code("not Python", "The file does not parse; the message is Python's own."),
    "SKY002": Code("unreadable file", "The file is missing, cannot be read, or is not UTF-8 text."),
    "SKY003": Code("error at import", "The file's own top level raised an exception while it was imported."),
    "SKY004": Code("no source", "A flow, task or prompt was not written in a file, so its source cannot be read."),
    "SKY005": Code("no such flow", "The file has no flow of that name, or no flow at all."),
    "SKY006": Code("several flows", "The file has several flows, and the command does not say which one."),
}

SYNTAX = {
    "SKY101": Code("lambda", "A `lambda` stands as the `key` of `sorted`, `min` and `max`, with one argument, only."),
    "SKY102": Code("assignment in an expression", "`:=` is not in the language."),
    "SKY103": Code("asynchronous code", "A flow is not asynchronous: no `await`, `async for` or `async with`."),
    "SKY104": Code("yield", "A flow gives back one value, and does not yield."),
    "SKY105": Code("set", "A set is not JSON."),
    "SKY106": Code("star", "`*` and `**` spread values in displays, not in calls."),
    "SKY107": Code("definition inside", "Functions and classes are defined at module level, not inside a flow."),
    "SKY108": Code("with", "`with` is not in the language."),
    "SKY109": Code("match", "`match` is not in the language."),
    "SKY110": Code("operator", "Bit and matrix operators are not in the language."),
    "SKY111": Code("is", "`is` compares with None only: values of a flow have no identity."),
    "SKY112": Code("f-string", "`!r`, `!a` and computed formats are not in the language."),
    "SKY113": Code("del", "`del` is not in the language."),
    "SKY114": Code("outer variable", "A flow has no global and no nonlocal variables."),
    "SKY115": Code("import inside", "Imports stand at the top of the module."),
    "SKY116": Code("except*", "Exception groups are not in the language."),
    "SKY117": Code("other syntax", "This syntax is not in the language."),
    "SKY118": Code("generator expression", "A generator expression stands only where it is used up at once."),
    "SKY119": Code("step in a key", "The key of `sorted`, `min` and `max` calls no task."),
    "SKY120": Code("step in any or all", "`any` and `all` stop early, which a parallel map cannot."),
    "SKY121": Code("loop target", "A loop's target is a name, or names."),
    "SKY123": Code("no effect", "The statement does nothing."),
    "SKY124": Code("else of a loop", "`else` of a loop is not in the language."),
    "SKY125": Code("starred target", "`*` in an assignment is not in the language."),
    "SKY126": Code("slice assignment", "A slice cannot be assigned to."),
    "SKY127": Code("nesting", "Statements or expressions stand in each other more deeply than engines can hold."),
}

NAMES_AND_TYPES = {
    "SKY201": Code("unknown name", "Neither the flow nor its module nor Python has that name."),
    "SKY202": Code("no value yet", "On some path, or on all, the variable has no value here."),
    "SKY203": Code("not for flows", "The name stands for something that a flow can neither call nor carry."),
    "SKY204": Code("unknown member", "A module, class or value has no such function, member or method."),
    "SKY205": Code("unknown field", "The value has no such field, or has it in some of its alternatives only."),
    "SKY206": Code("may be None", "The value may be None, which has no fields, items or methods."),
    "SKY207": Code("no plain field", "A flow reads the fields of models, not their properties and methods."),
    "SKY208": Code("index", "The value has no items, or none at such an index."),
    "SKY209": Code("wrong type", "A value does not fit where it stands."),
    "SKY210": Code(
        "truth not known", "The value's type does not tell whether it counts as true; of a decision ask `.approved`."
    ),
    "SKY211": Code("type not known", "The value may be anything, and its type decides what this means."),
    "SKY212": Code("arithmetic", "The operator has no meaning for operands of these types."),
    "SKY213": Code("comparison", "The values cannot be compared like this, or always with the same outcome."),
    "SKY214": Code("no list", "The value has no elements to go through, or not of the wanted kind."),
    "SKY215": Code("no text", "The value's text would be Python's own, which other engines cannot give."),
    "SKY216": Code("arguments of a builtin", "A function or method of the catalog does not take these arguments."),
    "SKY217": Code("not kept", "`range`, `zip` and the like give something to go through, not a list to keep."),
    "SKY218": Code("integer too large", "Integers are at most 2**53 either way, so every engine has them exactly."),
    "SKY219": Code("no JSON value", "The constant is not JSON."),
    "SKY220": Code("builtin", "The builtin is not in the language."),
    "SKY221": Code("class of a value", "Of the class of a value only that of a caught error can be asked here."),
    "SKY222": Code("no value", "The method changes its object, and gives no value."),
    "SKY223": Code(
        "change in place", "The method or operator changes its object in a way that is not in the language."
    ),
    "SKY224": Code("constructor", "The class is no model that a flow can build."),
    "SKY225": Code("construction", "Building the model runs code, or checks, that only Python can."),
    "SKY226": Code("fields of a constructor", "The constructor's arguments do not fit the model's fields."),
    "SKY227": Code("taking apart", "The value has another number of parts than there are names, or no parts."),
    "SKY228": Code("arguments", "The arguments do not fit the parameters."),
    "SKY229": Code("end without a value", "The flow returns a value, and can end without `return`."),
    "SKY230": Code("growing type", "The type of a variable grows with every round of a loop."),
    "SKY231": Code("annotation", "Only variables are annotated in a flow."),
}

CONSTRUCTS = {
    "SKY301": Code("each", "`each` bounds a parallel map; it stands in a comprehension over calls."),
    "SKY302": Code("approval", "An approval's arguments do not make sense."),
    "SKY303": Code("wait_for", "The payload of an event is not a type, or the arguments do not make sense."),
    "SKY304": Code("parallel, race", "`parallel` and `race` take two or more branches, by position."),
    "SKY305": Code("branch of a race", "A branch of a race is one call with arguments that are already there."),
    "SKY306": Code("raise", "What is raised is no exception, or there is none to raise again."),
    "SKY307": Code("building an error", "A flow raises an error with one message, of a class that adds no code."),
    "SKY308": Code("not an Exception", "Flows raise and catch subclasses of Exception only."),
    "SKY309": Code("catches everything", "`except:` also catches what is no error."),
}

OWNERSHIP = {
    "SKY401": Code("shared value", "The value may be reachable another way; a change would show in both places."),
    "SKY402": Code("change while looping", "A list or dict does not change while a `for` goes through it."),
    "SKY403": Code("no variable's value", "Only the value of a variable of the flow can be changed."),
    "SKY404": Code("unchangeable", "The value is a text, a tuple or a frozen model."),
}

DEFINITIONS = {
    "SKY501": Code("no annotation", "A parameter or a result has no annotation, so nothing can check or convert it."),
    "SKY502": Code("no JSON form", "An annotation cannot be resolved, or its values cannot cross a step as JSON."),
    "SKY503": Code("not that kind of function", "A lambda, class, generator or `async def` stands where it cannot."),
    "SKY504": Code("not at module level", "An engine finds a definition by module and name; this one it cannot find."),
    "SKY505": Code("a flow calls itself", "A flow reaches itself through its sub-flows; engines cannot carry that."),
    "SKY506": Code("parameter kind", "`*args`, `**kwargs` and positional-only parameters have no place in JSON input."),
    "SKY507": Code("default value", "A default value is not JSON, or not of the parameter's type."),
    "SKY508": Code("option out of range", "A retry, timeout or other option of a decorator has an impossible value."),
    "SKY509": Code("requirement", "An entry of `requires` is no requirement as pip understands it."),
    "SKY510": Code("name taken", "Two definitions of one program have the same name."),
    "SKY511": Code("prompt with a body", "A prompt's text is its template; its body must be `...`."),
    "SKY512": Code("template syntax", "Braces in a prompt's template are unbalanced, or hold no parameter."),
    "SKY513": Code("unknown in template", "A prompt's template names a parameter, field or key that does not exist."),
    "SKY514": Code("value in template", "A value cannot stand in a prompt's template in this form."),
    "SKY515": Code("second decorator", "A flow or prompt has another decorator, which its source does not explain."),
    "SKY516": Code("ambiguous error", "Two exception classes of one name are in use; errors are told apart by name."),
    "SKY517": Code("decorator", "A decorator stands above no function, or without what it needs."),
    "SKY518": Code("unchecked", "An annotation asks for more than a type, where no engine would look at it."),
    "SKY520": Code("no such app", "The file has no app of that name, and no flow to make one of."),
    "SKY521": Code("several apps", "The file has several apps, and the command does not say which one."),
    "SKY522": Code("name of an app", "What is deployed is named after the app, which only some characters allow."),
    "SKY523": Code(
        "flows of an app",
        "An app has no flow, something that is none, two of one name, or a short one that is not its own.",
    ),
    "SKY524": Code("trigger", "What starts a flow makes no sense, or does not fit the flow."),
    "SKY525": Code("schedule", "A cron expression, interval, time zone or scheduled input is wrong."),
    "SKY526": Code("resource", "A bucket, queue or secret is wrong, or is granted to what is no task of the app."),
    "SKY527": Code("notifier", "Nobody can be told in this way."),
    "SKY528": Code("environment", "A setting or tag of an environment has an impossible value."),
    "SKY529": Code("key of a model", "A function that asks a model needs a key, and no secret of the app holds it."),
    "SKY530": Code("step in a task", "A task calls a prompt or a flow; functions run tasks, and nothing else."),
    "SKY531": Code(
        "requirement for a function", "A requirement has no wheel for the functions' platform, or is too large."
    ),
    "SKY532": Code(
        "checked by Python", "Input that starts a flow from outside is checked by its JSON Schema, without Python."
    ),
    "SKY533": Code("form checked by Python", "A form is checked where it is answered, without Python."),
}

CONFIGURATION = {
    "SKY601": Code("no such plugin", "Nothing is registered under that name."),
    "SKY602": Code("broken plugin", "A plugin is registered but cannot be imported."),
    "SKY603": Code("extra not installed", "A provider needs a package that an extra of Skyloom brings."),
    "SKY604": Code("no key", "A provider needs a key, and the environment variable for it is not set."),
    "SKY605": Code("secret", "The value of a secret is not there, or may not be read."),
    "SKY606": Code("bucket", "A task uses a bucket that its function was not given."),
    "SKY610": Code("input", "The input is not JSON, or does not fit the flow's parameters."),
    "SKY611": Code("answer", "The answer to an approval or event does not fit, came twice, or came too late."),
    "SKY620": Code("not JSON", "An input given on the command line is not JSON."),
    "SKY621": Code("file not readable", "A file that a command was given cannot be read or written."),
    "SKY622": Code("no JSON object", "An input must be a JSON object, with a key for each parameter."),
    "SKY624": Code("nothing waits", "No run waits for that event."),
    "SKY625": Code("several wait", "Several runs or steps wait for that event, and the command does not say which."),
    "SKY627": Code("folder taken", "A new project needs a folder of its own."),
    "SKY630": Code("not TOML", "The file `skyloom.toml` cannot be read, or is not TOML."),
    "SKY631": Code("unknown setting", "A key, target or option of `skyloom.toml` is not known."),
    "SKY632": Code("wrong setting", "A value of `skyloom.toml`, or of a variable in its place, is of the wrong form."),
    "SKY633": Code("no such environment", "The chosen environment is not in `skyloom.toml`."),
    "SKY634": Code("no such model", "A prompt's model is no alias of `skyloom.toml` for the target."),
    "SKY635": Code("no such provider", "A model's provider, or a provider's kind, is not known."),
}

DEPLOYMENT = {
    "SKY640": Code("no such target", "No deployer is installed for that cloud."),
    "SKY641": Code("no credentials", "The cloud does not know who asks: credentials are missing, lapsed or wrong."),
    "SKY642": Code("no region", "Neither the environment nor the cloud's own configuration says where to deploy."),
    "SKY643": Code("not deployed", "The app is not deployed in that environment."),
    "SKY644": Code("change under way", "What is deployed is being changed right now."),
    "SKY645": Code("change stuck", "An earlier change failed and could not be taken back."),
    "SKY646": Code("no such run", "No run of the app has that id, or it is in another state than the command needs."),
    "SKY647": Code("other account", "The credentials are for another account than the environment is deployed to."),
    "SKY648": Code("no such version", "There is no such version to go back to."),
    "SKY649": Code("no bundle", "A folder holds no bundle, or one that was changed after it was compiled."),
    "SKY650": Code("needs a yes", "The command changes what is deployed, and nobody is there to be asked."),
    "SKY651": Code("flow not deployed", "No flow of that name is deployed."),
    "SKY652": Code("which app", "The command does not say which app it is about, or needs the app's file."),
    "SKY653": Code("not allowed", "The caller may not do in the cloud what the command needs."),
}

ENGINES = {
    "SKY701": Code("definition too large", "A flow has too many steps for one state machine of Step Functions."),
    "SKY702": Code("payload too large", "A step is given more constants than a state of Step Functions takes."),
    "SKY703": Code("task too long", "A task or prompt may take longer than a function of the cloud."),
    "SKY704": Code("too much memory", "A task asks for more memory than a function of the cloud has."),
    "SKY705": Code("too long", "A pause, a wait or a flow may take longer than a run on the engine."),
    "SKY706": Code("too many events", "Every run of a flow writes more history than the engine keeps."),
    "SKY707": Code("not for Express", "An Express workflow of Step Functions cannot wait, and has five minutes."),
    "SKY708": Code(
        "int or float", "A text shows whether a number is 3 or 3.0, which the cloud's engine does not keep."
    ),
    "SKY709": Code("app too large", "An app needs more resources than one stack of CloudFormation holds."),
    "SKY721": Code("workflow too large", "A flow has too many steps for one workflow of Google Cloud."),
    "SKY722": Code("too many steps", "Every run of a flow takes more steps than an execution of Workflows has."),
    "SKY723": Code("too many calls", "Flows call each other more deeply than Workflows goes."),
    "SKY724": Code("too many functions", "A flow calls more functions than one workflow can know."),
    "SKY725": Code("order of a dict", "A flow shows the order of a dict's entries, which Workflows does not keep."),
    "SKY726": Code("nested too deeply", "Statements stand inside of each other more deeply than Workflows goes."),
    "SKY727": Code("two functions of one name", "Two functions of an app would have the same name in Google Cloud."),
    "SKY728": Code("no such region", "Google Cloud has no region of that name, or deploys nothing there."),
    "SKY741": Code("not on Google Cloud", "Google Cloud has no exact way to what a trigger or a notifier asks for."),
    "SKY742": Code("kept in another way", "Google Cloud keeps a setting in another way. This is told, not refused."),
    "SKY743": Code("step too large", "A step is given more constants than Durable Functions carries."),
    "SKY744": Code("too many steps", "Every run of a flow has more steps than one orchestration is replayed over."),
    "SKY751": Code("not on Azure", "Azure has no exact way to what an app asks for."),
    "SKY752": Code("kept in another way", "Azure keeps a setting in another way. This is told, not refused."),
    "SKY753": Code("app too large", "An app needs more resources than one ARM template holds."),
    "SKY754": Code("left to people", "Something outside of the app has to be done once by people. This is told."),
    "SKY755": Code("too large for an instance", "A task asks for more memory than a function app's instance has."),
    "SKY756": Code("a module's name is taken", "A module is called like one that a function app has of its own."),
    "SKY757": Code("no such Python", "An environment names a Python that function apps do not have."),
    "SKY765": Code("input too large", "A schedule's input is larger than what a run of Workflows starts with."),
    "SKY770": Code("no target", "`skyloom check --targets` names no cloud."),
    "SKY771": Code("no source", "`skyloom explain --source` was given a bundle, which holds no source of flows."),
    "SKY772": Code("no recorded runs", "`skyloom check --runs` finds no run of the flows as they are now."),
    "SKY773": Code("no such way", "No way through the compiled definition makes the calls of the sample run."),
    "SKY774": Code("no sample run", "A flow waits for an event that `skyloom cost` was not given."),
    "SKY775": Code("unknown charges", "Something that a flow was compiled to is not known to `skyloom cost`."),
    "SKY776": Code(
        "no such time", "`skyloom cost --seconds` names no function that is called, or no number of seconds."
    ),
    "SKY777": Code("no such event", "`skyloom cost --event` is not NAME=JSON."),
    "SKY778": Code("no such price", "`skyloom cost --price` is not TARGET:UNIT=DOLLARS."),
    "SKY780": Code("calls stay apart", "A note: calls of tasks with `fuse=True` that cannot share an invocation."),
    "SKY781": Code("value too large", "A value is larger than the cloud carries: in every run, or as a run had it."),
}

CODES: dict[str, Code] = {
    **SOURCE,
    **SYNTAX,
    **NAMES_AND_TYPES,
    **CONSTRUCTS,
    **OWNERSHIP,
    **DEFINITIONS,
    **CONFIGURATION,
    **DEPLOYMENT,
    **ENGINES,
}
"""Every code, by its text."""


def markdown() -> str:
    """The page that lists every code, for `docs/diagnostics.md`."""
    lines = [
        "# Diagnostics",
        "",
        "Every mistake that Skyloom finds has a code, a place, a message and, where there is one, a way out:",
        "",
        "```",
        "review.py:14:5: SKY501 parameter `ticket` of task `search` has no annotation",
        "   14 | def search(ticket) -> list[str]:",
        "      |            ^^^^^^",
        "hint: write `ticket: str`, or whatever it takes",
        "```",
    ]
    for digit, title in RANGES:
        codes = [code for code in sorted(CODES) if code[3] == digit]
        if codes:
            lines += ["", f"## {title}", "", "| code | what | meaning |", "|---|---|---|"]
            lines += [f"| {code} | {CODES[code].title} | {CODES[code].meaning} |" for code in codes]
    return "\n".join(lines) + "\n"
