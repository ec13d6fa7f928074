#pragma once

#include <CLI/CLI.hpp>

#include "program.hpp"

// Each of these adds one verb.
namespace dialog::cli {

void add_init(CLI::App& app, Program& program);
void add_put(CLI::App& app, Program& program);
void add_get(CLI::App& app, Program& program);
void add_del(CLI::App& app, Program& program);
void add_ls(CLI::App& app, Program& program);
void add_count(CLI::App& app, Program& program);
void add_import(CLI::App& app, Program& program);
void add_export(CLI::App& app, Program& program);
void add_diff(CLI::App& app, Program& program);
void add_status(CLI::App& app, Program& program);
void add_log(CLI::App& app, Program& program);
void add_branch(CLI::App& app, Program& program);
void add_remote(CLI::App& app, Program& program);
void add_clone(CLI::App& app, Program& program);
void add_fetch(CLI::App& app, Program& program);
void add_pull(CLI::App& app, Program& program);
void add_push(CLI::App& app, Program& program);
void add_sync(CLI::App& app, Program& program);
void add_verify(CLI::App& app, Program& program);
void add_gc(CLI::App& app, Program& program);
void add_retention(CLI::App& app, Program& program);
void add_repair(CLI::App& app, Program& program);
void add_backup(CLI::App& app, Program& program);
void add_restore(CLI::App& app, Program& program);
void add_key(CLI::App& app, Program& program);
void add_key_token(CLI::App& key, Program& program);
void add_token(CLI::App& app, Program& program);
void add_admin(CLI::App& app, Program& program);
void add_delegate(CLI::App& app, Program& program);
void add_revoke(CLI::App& app, Program& program);
void add_serve(CLI::App& app, Program& program);
void add_version(CLI::App& app, Program& program);

}  // namespace dialog::cli
