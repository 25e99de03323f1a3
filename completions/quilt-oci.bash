# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of quilt-oci for bash. IDs are only ever compared as text: they are read line by line, never expanded or executed.

# Offers those of the words on standard input that begin with $1.
__quilt_oci_offer ()
{
    local word
    while read -r word; do
        if [[ $word = "$1"* ]]; then COMPREPLY+=("$(printf '%q' "$word")"); fi
    done
}

_quilt_oci ()
{
    local cur prev verb= arguments=0 i word words=() root=()
    local global='--help --version --root --log --log-format --systemd-cgroup --cgroup-manager --rootless --debug'
    local launch='--help --bundle --config --console-socket --pid-file --preserve-fds --no-pivot --no-new-keyring'
    local limits='--memory --memory-reservation --memory-swap --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-idle'
    limits+=' --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --cpu-rt-period --cpu-rt-runtime --kernel-memory --kernel-memory-tcp'
    local -A options=(
        [create]=$launch [run]="$launch --detach --keep" [start]=--help
        [exec]='--help --process --detach --pid-file --console-socket --tty --cwd --env --user --additional-gids --cap --process-label --apparmor --no-new-privs --preserve-fds --cgroup --ignore-paused'
        [state]=--help [kill]='--help --all' [delete]='--help --force --regex' [list]='--help --format --quiet' [ps]='--help --format'
        [pause]=--help [resume]=--help [update]="--help --resources $limits" [events]='--help --interval --stats'
        [spec]='--help --bundle --file --rootless' [features]=--help [help]=--help
    )
    COMPREPLY=()

    # readline divides --option=value at the =; here it is as if there were a space.
    for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
        if [[ $word != = ]]; then words+=("$word"); fi
    done
    prev=${words[-1]} cur=${COMP_WORDS[COMP_CWORD]#=}

    for ((i = 1; i < ${#words[@]}; i++)); do
        word=${words[i]}
        case ${words[i-1]} in
            --root) root=(--root "$word"); continue ;;
            --log|--log-format|--cgroup-manager|-b|--bundle|--config|--console-socket|--pid-file|--preserve-fds|-p|--process|--cwd|--cgroup|\
            -e|--env|-u|--user|-g|--additional-gids|-c|--cap|--process-label|--apparmor|-f|--format|--file|-r|--resources|--interval|\
            --memory|--memory-reservation|--memory-swap|--cpu-period|--cpu-quota|--cpu-burst|--cpu-share|--cpu-idle|--cpuset-cpus|\
            --cpuset-mems|--pids-limit|--blkio-weight|--cpu-rt-period|--cpu-rt-runtime|--kernel-memory|--kernel-memory-tcp) continue ;;
            --rootless) if [[ -z $verb ]]; then continue; fi ;;
        esac
        case $word in
            -*) ;;
            *) if [[ -z $verb ]]; then verb=$word; else ((++arguments)); fi ;;
        esac
    done

    case $prev in
        --log-format) __quilt_oci_offer "$cur" < <(printf '%s\n' text json); return ;;
        --cgroup-manager) __quilt_oci_offer "$cur" < <(printf '%s\n' cgroupfs systemd disabled); return ;;
        --rootless) if [[ -z $verb ]]; then __quilt_oci_offer "$cur" < <(printf '%s\n' true false auto); return; fi ;;
        --format) __quilt_oci_offer "$cur" < <(printf '%s\n' table json); return ;;
        --root|--log|-b|--bundle|--config|--console-socket|--pid-file|-p|--process|-r|--resources|--file) compopt -o default; return ;;
    esac

    # What follows the container is its own command, or ps's.
    if [[ $verb = exec || $verb = ps ]] && ((arguments > 0)); then
        compopt -o default
        return
    fi
    if [[ $cur = -* ]]; then
        if [[ -z $verb ]]; then
            __quilt_oci_offer "$cur" < <(printf '%s\n' $global)
        else
            __quilt_oci_offer "$cur" < <(printf '%s\n' ${options[$verb]-})
        fi
        return
    fi
    case $verb in
        ''|help) __quilt_oci_offer "$cur" < <(printf '%s\n' "${!options[@]}" | sort) ;;
        kill)
            if ((arguments > 0)); then __quilt_oci_offer "$cur" < <(printf '%s\n' HUP INT QUIT KILL USR1 USR2 TERM CONT STOP)
            else __quilt_oci_offer "$cur" < <(quilt-oci "${root[@]}" list --quiet 2>/dev/null); fi ;;
        start|exec|state|delete|ps|pause|resume|update|events)
            if ((arguments == 0)); then __quilt_oci_offer "$cur" < <(quilt-oci "${root[@]}" list --quiet 2>/dev/null); fi ;;
    esac
}

complete -F _quilt_oci quilt-oci
