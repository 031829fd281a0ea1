// room: challenge
/* "COLUMN\nFILE\0JOURNAL": a list that opens hands out as many passwords as it said, none twice, none again when it is opened
 * once more. */
#include "challenge/challenge.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAKEN_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A file in memory, with a path. */
static int file_of(struct span content, char path[40])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0 && fchmod(fd, 0600) == 0);
    require(write(fd, content.len > 0 ? content.data : (const uint8_t *)"", content.len) ==
            (ssize_t)content.len);
    snprintf(path, 40, "/proc/self/fd/%d", fd);
    return fd;
}

static void take_all(struct challenge_list *list)
{
    struct secret *taken[TAKEN_MAX];
    size_t count = 0;
    uint64_t left = challenge_list_left(list);
    struct err e = {0};
    for (; count < TAKEN_MAX && left > 0; count++, left--) {
        require(challenge_list_take(list, &taken[count], &e));
        require(challenge_list_left(list) == left - 1);
        for (size_t i = 0; i < count; i++)
            require(!span_equal(secret_value(taken[i]), secret_value(taken[count])));
    }
    struct secret *none = NULL;
    if (left == 0)
        require(!challenge_list_take(list, &none, &e) && e.reason == REASON_OTP_EXHAUSTED);
    while (count > 0)
        secret_free(taken[--count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char column[40] = "", path[40], journal[40];
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t len = line != NULL ? (size_t)(line - data) : 0;
    if (line == NULL || len >= sizeof column)
        return 0;
    memcpy(column, data, len);
    const uint8_t *begin = line + 1, *end = data + size;
    const uint8_t *nul = end > begin ? memchr(begin, '\0', (size_t)(end - begin)) : NULL;
    int fd = file_of(span_of(begin, (size_t)((nul != NULL ? nul : end) - begin)), path);
    int journal_fd =
        file_of(nul != NULL ? span_of(nul + 1, (size_t)(end - nul - 1)) : span_of(NULL, 0), journal);
    struct challenge_config config = {.source = CHALLENGE_FILE,
                                      .file = path,
                                      .column = column[0] != '\0' ? column : NULL,
                                      .journal = journal};
    struct challenge_list *list = NULL;
    struct err e = {0};
    if (challenge_list_open(&config, &list, &e)) {
        uint64_t all = challenge_list_left(list), taken = all < TAKEN_MAX ? all : TAKEN_MAX;
        take_all(list);
        challenge_list_close(list);
        require(challenge_list_open(&config, &list, &e) && challenge_list_left(list) == all - taken);
        challenge_list_close(list);
    } else {
        require(list == NULL && e.reason == REASON_USAGE && e.text[0] != '\0');
    }
    close(fd);
    close(journal_fd);
    return 0;
}
