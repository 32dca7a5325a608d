// SPDX-License-Identifier: Apache-2.0
// What Store needs of libpq, and of glibc to start and watch the private server. The latter's declarations are hidden
// from importers that do not define _GNU_SOURCE.
#pragma once
#include <libpq-fe.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

int pidfd_open(pid_t pid, unsigned int flags);
int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
