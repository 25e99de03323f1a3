/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of podman and docker that Quilt lacks. */
#include "ctl/foreign.h"

#include <glib.h>
#include <string.h>

#define NEW "run create"
#define LATEST "name the container; quiltctl list --latest shows it"
#define NETWORK "Quilt has no bridge networks yet; use --network with none, host or container:NAME"
#define HEALTH "Quilt has no health checks yet"
#define IMPORTED "Quilt makes images only from archives; leave it out and use quiltctl import"
#define HEADING "use --no-legend"

/* clang-format off */
static const struct {
  const char *verbs; /* separated by spaces */
  const char *name;
  char letter;
  const char *instead;
} options[] = {
    {NEW, "add-host", 0, "write the name to /etc/hosts with --setup"},
    {NEW, "annotation", 0, "use --label"},
    {NEW, "arch", 0, IMPORTED},
    {NEW, "attach", 'a', "run prints the container's output without it; --detach doesn't"},
    {NEW, "authfile", 0, IMPORTED},
    {NEW, "blkio-weight-device", 0, "use --io-weight"},
    {NEW, "cgroups", 0, "each container has its scope; leave it out"},
    {NEW " update", "cpu-period", 0, "use --cpus"},
    {NEW " update", "cpu-quota", 0, "use --cpus"},
    {NEW, "cpu-rt-period", 0, "cgroup2 has no such limit"},
    {NEW, "cpu-rt-runtime", 0, "cgroup2 has no such limit"},
    {NEW, "device-cgroup-rule", 0, "use --device"},
    {NEW, "disable-content-trust", 0, IMPORTED},
    {NEW, "dns", 0, NETWORK},
    {NEW, "dns-option", 0, NETWORK},
    {NEW, "dns-search", 0, NETWORK},
    {NEW, "env-host", 0, "use --env NAME for each variable"},
    {NEW, "expose", 0, "it publishes nothing; leave it out"},
    {NEW, "gidmap", 0, "use --userns FROM:TO:COUNT"},
    {NEW, "gpus", 0, "use --device with the nodes of the GPU, such as /dev/dri"},
    {NEW, "health-cmd", 0, HEALTH},
    {NEW, "health-interval", 0, HEALTH},
    {NEW, "health-retries", 0, HEALTH},
    {NEW, "health-start-period", 0, HEALTH},
    {NEW, "health-timeout", 0, HEALTH},
    {NEW, "ip", 0, NETWORK},
    {NEW, "ip6", 0, NETWORK},
    {NEW, "kernel-memory", 0, "use --memory"},
    {NEW, "link", 0, NETWORK},
    {NEW, "log-driver", 0, "the log is in the journal; leave it out"},
    {NEW, "log-opt", 0, "use --log-rate-limit"},
    {NEW, "mac-address", 0, NETWORK},
    {NEW, "memory-swappiness", 0, "use --memory-swap"},
    {NEW, "network-alias", 0, NETWORK},
    {NEW, "no-healthcheck", 0, "Quilt has no health checks; leave it out"},
    {NEW, "no-hosts", 0, "leave it out"},
    {NEW, "oom-kill-disable", 0, "use --oom-score-adj"},
    {NEW, "os", 0, IMPORTED},
    {NEW, "platform", 0, IMPORTED},
    {NEW, "pod", 0, "use --network, --ipc and --pid with container:NAME"},
    {NEW, "publish", 'p', "Quilt publishes no ports yet; use --network host"},
    {NEW, "publish-all", 'P', "Quilt publishes no ports yet; use --network host"},
    {NEW, "pull", 0, IMPORTED},
    {NEW " update", "restart", 0,
     "Quilt has no restart policies yet; use a service with Restart= that executes quiltctl run"},
    {NEW, "rmi", 0, "use quiltctl remove-image when it has ended"},
    {NEW, "rootfs", 0, "pack it: tar -C DIRECTORY -c . | quiltctl import - NAME"},
    {NEW, "runtime", 0, "Quilt has only one runtime; leave it out"},
    {NEW, "sdnotify", 0, "Quilt does not pass notifications on yet"},
    {NEW, "secret", 0, "use --volume or --env-file"},
    {"create", "sig-proxy", 0, "give it to start or attach"},
    {"create", "detach-keys", 0, "give it to start or attach"},
    {NEW, "storage-opt", 0, "Quilt limits no disk space yet"},
    {NEW, "systemd", 0, "leave it out"},
    {NEW, "tls-verify", 0, IMPORTED},
    {NEW, "uidmap", 0, "use --userns FROM:TO:COUNT"},
    {NEW, "unsetenv", 0, "use --env NAME= , which empties it"},
    {NEW, "variant", 0, IMPORTED},
    {NEW, "volume-driver", 0, "use --volume with a directory of the host"},
    {NEW, "volumes-from", 0, "use --volume for each directory"},

    {"exec", "latest", 'l', LATEST},
    {"exec", "preserve-fds", 0, "only standard streams are passed on"},
    {"exec", "cidfile", 0, "use $(cat FILE)"},

    {"attach", "latest", 'l', LATEST},
    {"copy", "follow-link", 'L', "links in SRC itself are followed anyway"},
    {"copy", "pause", 0, "copy does not pause the container; leave it out"},
    {"copy export", "latest", 'l', LATEST},

    {"stop", "signal", 's', "use quiltctl update --stop-signal first"},
    {"stop kill remove restart wait", "cidfile", 0, "use $(cat FILE)"},
    {"stop remove wait remove-image", "ignore", 'i', "leave it out, and ignore the exit code"},
    {"remove", "volumes", 'v', "volumes are directories of the host, which nothing removes"},
    {"remove", "time", 't', "use quiltctl stop --time first"},
    {"remove", "depend", 0, "name them all"},
    {"start stop kill remove restart wait inspect logs show top diff", "latest", 'l', LATEST},
    {"wait", "condition", 0, "wait returns when the container has ended"},
    {"wait", "interval", 0, "wait does not poll; leave it out"},

    {"list", "size", 's', "Quilt does not count a container's files yet"},
    {"list", "pod", 'p', "there are no pods; leave it out"},
    {"list", "ns", 0, "use quiltctl inspect"},
    {"list images", "sort", 0, "use sort(1) on --format"},
    {"list images", "noheading", 0, HEADING},
    {"list", "watch", 'w', "use watch(1)"},
    {"images", "digests", 0, "images shows digests; leave it out"},
    {"images", "history", 0, "Quilt keeps no history of an image"},
    {"logs", "details", 0, "use --output json"},
    {"logs", "color", 0, "leave it out"},
    {"inspect", "size", 's', "Quilt does not count a container's files yet"},
    {"inspect", "type", 't', "use quiltctl inspect or quiltctl inspect-image"},
    {"remove-image", "force", 'f', "remove its containers first"},
    {"remove-image", "all", 'a', "use quiltctl remove-image $(quiltctl images -q)"},
    {"remove-image", "no-prune", 0, "leave it out"},
    {"prune", "force", 'f', "prune asks nothing; leave it out"},
    {"prune", "all", 'a', "say what to remove: --setups"},
    {"prune", "volumes", 0, "volumes are directories of the host, which nothing removes"},
    {"prune", "filter", 0, "use quiltctl remove-image with digests of quiltctl images --all"},
    {"import", "message", 'm', "Quilt keeps no history of an image; leave it out"},
    {"import", "platform", 0, "leave it out"},
    {"version", "format", 'f', "use quiltctl info --format"},
};
/* clang-format on */

static gboolean
has_word (const char *words, const char *word)
{
  gsize length = strlen (word);

  for (; *words; words += strcspn (words, " "), words += strspn (words, " "))
    if (strncmp (words, word, length) == 0 && (words[length] == ' ' || words[length] == '\0'))
      return TRUE;
  return FALSE;
}

const char *
quilt_foreign_option (const char *verb, const char *name, char letter)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if ((name ? strcmp (options[i].name, name) == 0 : letter && options[i].letter == letter) &&
        has_word (options[i].verbs, verb))
      return options[i].instead;
  return NULL;
}
