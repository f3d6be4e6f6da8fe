"""What the rules of the `data-version` gate mean, and how to mend what they find."""

from __future__ import annotations

from mlgate.core.gate import Rule
from mlgate.core.words import Level

_ERROR, _NOTE = Level.ERROR, Level.NOTE

rules: dict[str, Rule] = {
    # -- pointers --------------------------------------------------------------------------------
    "unreadable": Rule(
        "A .dvc file, dvc.yaml, dvc.lock or .dir manifest cannot be read: no YAML, too large, too"
        " deep, or aliases that multiply.",
        "bring back the last good version: git checkout HEAD -- FILE",
        _ERROR,
    ),
    "conflict": Rule(
        "The marks of a merge conflict are still in one of DVC's files.",
        "choose one side: git checkout --ours -- FILE (or --theirs), then: dvc checkout FILE",
        _ERROR,
    ),
    "schema": Rule(
        "One of DVC's files says something that DVC would refuse.",
        "correct the key that is named, or write the file anew: dvc add PATH",
        _ERROR,
    ),
    "hash": Rule("What stands for a hash is none.", "dvc add PATH", _ERROR),
    "outside": Rule(
        "An output that DVC is to cache lies outside of the repository: at a URL, by an absolute"
        " path, `..`, or a link. DVC 3 refuses it.",
        "move the data into the repository, then: dvc add PATH",
        _ERROR,
    ),
    "overlap": Rule(
        "Two pointers own the same path, or one a path inside of the other's.",
        "dvc remove FILE.dvc for one of them",
        _ERROR,
    ),
    "in-git-too": Rule(
        "Data is tracked by DVC and by git (or Git LFS) at once.",
        "git rm -r --cached PATH",
        _ERROR,
    ),
    "not-ignored": Rule(
        "Data that DVC tracks is not ignored by git: `git add .` would commit it.",
        "add it to the .gitignore beside it, as `dvc add PATH` does",
    ),
    "no-hash": Rule("A pointer names data but no version of it.", "dvc commit FILE", _ERROR),
    "no-project": Rule(
        "There are pointers, but no DVC project (.dvc/config) above them.", "dvc init", _ERROR
    ),
    "missing-pointer": Rule(
        "A pointer was deleted while code still names the data.",
        "git checkout HEAD -- FILE.dvc, or change the code",
    ),
    # -- data in the work tree and the cache -----------------------------------------------------
    "changed": Rule(
        "The data in the work tree is not the version that the commit names.",
        "dvc add PATH (or dvc checkout PATH to have the named version back)",
        _ERROR,
    ),
    "odd-member": Rule(
        "A tracked directory holds links out of the data, pipes or devices.",
        "replace it by the file that is meant, then: dvc add PATH",
    ),
    "not-in-cache": Rule(
        "A pointer that was changed names an object that nobody ever added here: its hash was"
        " edited by hand, or comes from elsewhere.",
        "dvc add PATH, or where it comes from another clone: dvc fetch FILE",
        _ERROR,
    ),
    "cache-damaged": Rule(
        "An object in the DVC cache is not what its name says: it was edited through a link.",
        "dvc fetch --force PATH, or dvc add PATH where the work tree is right",
        _ERROR,
    ),
    "size": Rule(
        "Size or number of files in a pointer are not those of the object.",
        "dvc add PATH",
        _ERROR,
    ),
    # -- pipelines -------------------------------------------------------------------------------
    "no-lock": Rule(
        "A stage of dvc.yaml has no entry in dvc.lock: nobody knows which data it stands for.",
        "dvc repro STAGE (or dvc commit STAGE where it was run by hand)",
        _ERROR,
    ),
    "stale-lock": Rule(
        "dvc.lock was written for another command, other dependencies, parameters or outputs.",
        "dvc repro STAGE, then commit dvc.lock",
        _ERROR,
    ),
    "orphan-lock": Rule(
        "dvc.lock has an entry for a stage that dvc.yaml does not have.",
        "delete the entry from dvc.lock",
    ),
    "lock-alone": Rule(
        "What dvc.lock says of a stage was changed, but neither the stage nor any of its outputs:"
        " it ran again with the same result, or the lock was edited by hand.",
        "dvc repro --force STAGE shows which",
        _NOTE,
    ),
    "edited-output": Rule(
        "A metrics, plots or other output that git holds is not what the stage wrote: it was"
        " edited by hand, or dvc.lock was not committed with it.",
        "dvc repro STAGE, and commit the file with dvc.lock",
        _ERROR,
    ),
    "in-no-version": Rule(
        "An output with `cache: false` is not in git either, so it is in no version at all.",
        "git add -f PATH, or drop `cache: false` from dvc.yaml",
        _ERROR,
    ),
    "frozen": Rule(
        "A stage is frozen or always run: what dvc.lock says of it proves less.", "", _NOTE
    ),
    "not-resolved": Rule(
        "A templated dvc.yaml could not be compared with its lock.", "pip install dvc", _NOTE
    ),
    # -- storage ---------------------------------------------------------------------------------
    "not-in-remote": Rule(
        "An object is not in the remote: nobody else can get this data.", "dvc push FILE", _ERROR
    ),
    "members-missing": Rule(
        "A directory is in the remote but some of its files are not; DVC calls that complete, and"
        " `dvc push` does not repair it.",
        "remove its manifest from the remote, then: dvc push FILE",
        _ERROR,
    ),
    "remote-damaged": Rule(
        "An object in the remote has another size than the data: an upload was cut off.",
        "remove it from the remote, then: dvc push FILE",
        _ERROR,
    ),
    "no-remote": Rule(
        "There is data, but no remote to share it by.",
        "dvc remote add -d NAME URL, then: dvc push",
        _ERROR,
    ),
    "remote-changed": Rule(
        "The change makes another remote the default, or moves it.",
        "see that all data is there: dvc push --all-commits",
    ),
    "local-remote": Rule(
        "The committed configuration names a remote that only this machine has.",
        "dvc remote modify --local NAME url PATH, or use a shared one",
        _NOTE,
    ),
    "credential": Rule(
        "A credential stands in .dvc/config, which is committed.",
        "dvc remote modify --local NAME OPTION VALUE, take it out of .dvc/config, and replace it",
        _ERROR,
    ),
    "version-id": Rule(
        "A file of a cloud-versioned remote has no version id: nothing says which bytes are meant.",
        "dvc push FILE",
        _ERROR,
    ),
    "not-pinned": Rule(
        "An import records no version of its source.", "dvc update FILE.dvc", _ERROR
    ),
    "not-in-source": Rule(
        "What data was imported from does not have it any more at the commit, or in the version,"
        " that was recorded.",
        "dvc update FILE.dvc, or keep a copy: dvc add PATH",
        _ERROR,
    ),
    "import": Rule("An import that its source still has, by `dvc list`.", "", _NOTE),
    "external-changed": Rule(
        "An external output (`cache: false`, at a URL or outside of the repository) is not what"
        " DVC's files recorded, or not there.",
        "dvc repro STAGE, and commit dvc.lock",
        _ERROR,
    ),
    "external": Rule(
        "What lies outside of the repository and is as recorded, by what `dvc status` compares.",
        "",
        _NOTE,
    ),
    "not-declared": Rule(
        "A pointer's `meta` lacks a key that the policy asks for, such as the data's licence.",
        "write it into the pointer, under `meta:`",
    ),
    "not-asked": Rule("A version that was not looked for in a remote, and why.", "", _NOTE),
    "unreachable": Rule("The remote did not answer, so nothing is known of what it holds."),
    "left-over-lock": Rule(
        "A DVC process that has ended left a lock behind, which stops the next one.",
        "rm .dvc/tmp/rwlock",
        _NOTE,
    ),
    # -- files in git ----------------------------------------------------------------------------
    "binary-in-git": Rule(
        "A large file, or one with data or a model in it, was added to git.",
        "git rm --cached PATH && dvc add PATH",
    ),
    # -- the change ------------------------------------------------------------------------------
    "lineage": Rule(
        "Data changed, but not the metrics and the model that dvc.lock derives from it.",
        "dvc repro, and commit dvc.lock",
        _ERROR,
    ),
    "summary": Rule("What the change does to the data.", "", _NOTE),
    "passed": Rule("What was judged: the versions, and the objects looked for.", "", _NOTE),
}
