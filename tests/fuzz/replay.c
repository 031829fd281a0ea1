/* Runs a fuzz target's entry point over every file of a folder: the short form of fuzzing, in ctest. */
#include "base/file.h"

#include <dirent.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool run_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct buf content;
    buf_init(&content, (size_t)16 << 20);
    struct err e = {0};
    bool ok = file_read(path, &content, &e);
    if (ok)
        LLVMFuzzerTestOneInput(content.data, content.len);
    else
        fprintf(stderr, "%s: %s\n", path, e.text);
    buf_clear(&content);
    return ok;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    size_t files = 0;
    bool ok = true;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        ok = run_file(argv[1], entry->d_name) && ok;
        files++;
    }
    closedir(folder);
    if (files == 0)
        fprintf(stderr, "%s is empty\n", argv[1]);
    return ok && files > 0 ? 0 : 1;
}
