#pragma once

#include "program.hpp"

// Each of these adds one verb.
namespace dialog::cli {

void add_init(Verb app, Program& program);
void add_put(Verb app, Program& program);
void add_get(Verb app, Program& program);
void add_del(Verb app, Program& program);
void add_ls(Verb app, Program& program);
void add_count(Verb app, Program& program);
void add_import(Verb app, Program& program);
void add_export(Verb app, Program& program);
void add_prove(Verb app, Program& program);
void add_check(Verb app, Program& program);
void add_diff(Verb app, Program& program);
void add_status(Verb app, Program& program);
void add_log(Verb app, Program& program);
void add_branch(Verb app, Program& program);
void add_remote(Verb app, Program& program);
void add_clone(Verb app, Program& program);
void add_fetch(Verb app, Program& program);
void add_pull(Verb app, Program& program);
void add_push(Verb app, Program& program);
void add_sync(Verb app, Program& program);
void add_watch(Verb app, Program& program);
void add_verify(Verb app, Program& program);
void add_gc(Verb app, Program& program);
void add_retention(Verb app, Program& program);
void add_repair(Verb app, Program& program);
void add_backup(Verb app, Program& program);
void add_restore(Verb app, Program& program);
void add_key(Verb app, Program& program);
void add_key_token(Verb key, Program& program);
void add_token(Verb app, Program& program);
void add_admin(Verb app, Program& program);
void add_delegate(Verb app, Program& program);
void add_revoke(Verb app, Program& program);
void add_serve(Verb app, Program& program);
void add_version(Verb app, Program& program);

}  // namespace dialog::cli
