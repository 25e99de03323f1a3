# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of quiltctl for bash. Names come from quiltd and are only ever compared as text: they are read line by line, never
# expanded or executed.

__quiltctl_containers ()
{
    quiltctl list --no-legend --no-pager --no-ask-password 2>/dev/null | while read -r name _; do printf '%s\n' "$name"; done
}

__quiltctl_images ()
{
    quiltctl images --no-legend --no-pager --no-ask-password 2>/dev/null | while read -r name digest _; do
        if [[ $name = - ]]; then printf '%s\n' "$digest"; else printf '%s\n' "$name"; fi
    done
}

# Offers those of the words on standard input that begin with $1.
__quiltctl_offer ()
{
    local word
    while read -r word; do
        if [[ $word = "$1"* ]]; then COMPREPLY+=("$(printf '%q' "$word")"); fi
    done
}

_quiltctl ()
{
    local cur prev equals= verb= arguments=0 i word words=()
    local shared='--help --no-ask-password'
    local text="$shared --json --no-pager" limits='--memory --cpus --pids-limit --stop-signal --stop-timeout'
    limits+=' --memory-reservation --memory-high --memory-swap --cpu-weight --cpu-shares --cpuset-cpus --cpuset-mems'
    limits+=' --io-weight --blkio-weight --device-read-bps --device-write-bps --device-read-iops --device-write-iops --ip-allow --ip-deny'
    local process='--cap-add --cap-drop --security-opt --seccomp --ulimit --sysctl --tmpfs --volume --mount --shm-size --oom-score-adj --umask --user --group-add --privileged'
    local create="$shared $limits $process --name --env --env-file --cidfile --pidfile --replace --quiet --workdir --hostname --domainname --tz --entrypoint --timeout --label --label-file --network --net --pid --ipc --uts --cgroupns --device --init --strict-limits --slice --cgroup-parent --read-only --userns --setup --setup-timeout --log-rate-limit --rm"
    local -A options=(
        [run]="$create --detach" [create]="$create --json"
        [start]=$shared [stop]="$shared --timeout --time --all" [restart]="$shared --timeout --time --all" [kill]="$shared --signal --all"
        [remove]="$shared --force --all" [rm]="$shared --force --all" [wait]="$shared --json"
        [list]="$text --no-legend --all --quiet --label --labels --filter --last --latest --no-trunc --format" [ps]="$text --no-legend --all --quiet --label --labels --filter --last --latest --no-trunc --format"
        [status]=$text [show]="$text --property --value" [inspect]="$text --oci --format"
        [logs]='--help --no-pager --follow --lines --tail --since --until --reverse --stdout --stderr --timestamps --names --output'
        [rename]=$shared [update]="$shared $limits" [import]="$shared --json --no-end-mark --change"
        [images]="$text --no-legend --quiet --all --filter --no-trunc --format" [inspect-image]="$text --format"
        [remove-image]=$shared [rmi]=$shared [doctor]="$shared --json" [info]="$shared --json --format" [version]="$shared --json" [help]=--help
    )
    # Options with a value, of any verb.
    local valued
    valued='--slice|--cgroup-parent|-e|--env|--env-file|--label-file|--cidfile|--pidfile|-w|--workdir|--hostname|--domainname|--tz|--entrypoint|-l'
    valued+='|--label|-m|--memory|--cpus|--pids-limit|--memory-reservation|--memory-high|--memory-swap|--cpu-weight|--cpu-shares'
    valued+='|--cpuset-cpus|--cpuset-mems|--io-weight|--blkio-weight|-c|--device-read-bps|--device-write-bps|--device-read-iops'
    valued+='|--device-write-iops|--ip-allow|--ip-deny|--network|--net|--pid|--ipc|--uts|--cgroupns|--userns|--device|--name|--setup'
    valued+='|--setup-timeout|--log-rate-limit|--cap-add|--cap-drop|--security-opt|--seccomp|--ulimit|--sysctl|--tmpfs|-v'
    valued+='|--volume|--mount|--shm-size|--oom-score-adj|--umask|-u|--user|--group-add|--stop-signal|--stop-timeout|-t|--timeout'
    valued+='|--time|--change|--filter|--last|--format|-s|--signal|-p|--property|-n|--lines|--tail|-S|--since|-U|--until|-o|--output'
    COMPREPLY=()

    # readline divides --option=value at the =; here the value begins with it.
    for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
        if [[ $word = = ]]; then equals==; else words+=("$equals$word") equals=; fi
    done
    prev=${words[-1]} cur=${COMP_WORDS[COMP_CWORD]#=}

    for ((i = 1; i < ${#words[@]}; i++)); do
        word=${words[i]}
        if [[ $word = =* || ${words[i-1]} = @($valued) ]]; then continue; fi
        case $word in
            -*) ;;
            *) if [[ -z $verb ]]; then verb=$word; else ((++arguments)); fi ;;
        esac
    done

    # The mode of --json is not a word of its own.
    if [[ $prev = --json && ${COMP_WORDS[COMP_CWORD]} != = && ${COMP_WORDS[COMP_CWORD-1]} != = ]]; then prev=; fi
    case $prev in
        --network|--net) __quiltctl_offer "$cur" < <(printf '%s\n' none host; __quiltctl_containers | sed 's/^/container:/'); return ;;
        --pid|--uts) __quiltctl_offer "$cur" < <(printf '%s\n' private host; __quiltctl_containers | sed 's/^/container:/'); return ;;
        --ipc) __quiltctl_offer "$cur" < <(printf '%s\n' private shareable host; __quiltctl_containers | sed 's/^/container:/'); return ;;
        --cgroupns) __quiltctl_offer "$cur" < <(printf '%s\n' private host); return ;;
        --userns) __quiltctl_offer "$cur" < <(printf '%s\n' auto keep-id host); return ;;
        --json) __quiltctl_offer "$cur" < <(printf '%s\n' short pretty off); return ;;
        -o|--output) __quiltctl_offer "$cur" < <(printf '%s\n' short short-iso short-precise cat json json-pretty); return ;;
        --env-file|--label-file|--cidfile|--pidfile) compopt -o default; return ;;
        --seccomp) __quiltctl_offer "$cur" < <(printf '%s\n' default unconfined; compgen -f -- "$cur"); return ;;
        -s|--signal|--stop-signal) __quiltctl_offer "$cur" < <(printf '%s\n' HUP INT QUIT KILL USR1 USR2 TERM CONT STOP); return ;;
        -p|--property) __quiltctl_offer "$cur" < <(printf '%s\n' Id Name Image ImageDigest Owner State Frozen Scope Pid Created Started Finished \
            ExitCode Reason Error SetupStep MemoryMax CPUQuota PidsMax StopSignal StopTimeout AutoRemove ReadOnly MemoryPressure CPUPressure IOPressure); return ;;
    esac

    # A value that nothing is known of may be the path of a file.
    if [[ $prev = @($valued) ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    # What follows the image belongs to the container.
    if [[ $verb = run || $verb = create ]] && ((arguments > 0)); then
        compopt -o default
        return
    fi
    if [[ $cur = -* ]]; then
        if [[ -z $verb ]]; then
            __quiltctl_offer "$cur" < <(printf '%s\n' --help --version --json --no-legend --no-pager --no-ask-password)
        else
            __quiltctl_offer "$cur" < <(printf '%s\n' ${options[$verb]-})
        fi
        return
    fi
    case $verb in
        '') __quiltctl_offer "$cur" < <(printf '%s\n' "${!options[@]}" | sort) ;;
        help) __quiltctl_offer "$cur" < <(printf '%s\n' "${!options[@]}" | sort) ;;
        run|create)
            __quiltctl_offer "$cur" < <(__quiltctl_images)
            if [[ $cur = [./]* ]]; then compopt -o default; fi ;;
        import) if ((arguments == 0)); then compopt -o default; fi ;;
        images|inspect-image|remove-image|rmi) __quiltctl_offer "$cur" < <(__quiltctl_images) ;;
        logs|rename) if ((arguments == 0)); then __quiltctl_offer "$cur" < <(__quiltctl_containers); fi ;;
        start|stop|restart|kill|remove|rm|wait|status|show|inspect|update) __quiltctl_offer "$cur" < <(__quiltctl_containers) ;;
    esac
}

complete -F _quiltctl quiltctl
