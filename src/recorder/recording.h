/* What the parts of the recorder share. */
#ifndef RECORDER_RECORDING_H
#define RECORDER_RECORDING_H

#include "recorder/recorder.h"

#include <pthread.h>

#define RECORDER_TEXT  512
#define RECORDER_SAVED 256
#define RECORDER_EVERY 16 /* rows FAULT_TRACE_EVERY of one fault */
#define RECORDER_LATE  4096
#define RECORDER_THUMB 41

/* Who the certificates are: thumbprints as certlm shows them. */
struct recorder_certs {
    char ca[RECORDER_THUMB], sign[RECORDER_THUMB], encrypt[RECORDER_THUMB], web[RECORDER_THUMB],
        module[RECORDER_THUMB];
};

/* A cell as it was before a fault changed it. */
struct recorder_saved {
    size_t fault;
    const struct fault_trace *row;
    char key[RECORDER_TEXT];
    char *before;
};

/* A line of a reply that leaves later. */
struct recorder_late {
    int64_t due_us; /* by the true clock */
    unsigned node;
    struct traces_iis line; /* strings in `text` */
    char *text;
};

struct recorder {
    struct recorder_config config;
    bool module; /* Intune's module and connector are there, by mode or because a fault is about them */
    char address[64], otp_user[256], ca_name[128];
    struct traces *nodes[RECORDER_NODES];
    size_t node_count;
    struct recorder_certs certs;
    struct recorder_noise noise[RECORDER_NODES];

    /* Under the lock: what is going on. */
    pthread_mutex_t lock;
    bool serving;  /* mscep.dll is loaded and well */
    bool disabled; /* the pool has crashed too often */
    uint32_t held;
    size_t restarts;
    int64_t clock_us; /* how far the server's clock is ahead */
    int64_t every_us[FAULTS_MAX][RECORDER_EVERY];
    struct recorder_saved saved[RECORDER_SAVED];
    size_t saved_count;

    pthread_mutex_t late_lock;
    struct recorder_late late[RECORDER_LATE]; /* a heap, the first to leave at the top */
    size_t late_count;

    pthread_t watcher;
    bool watching, stopping;
    pthread_cond_t wake; /* with `lock` */
};

/* What a row of a fault is about, for its {braces}. */
struct recorder_scene {
    struct recorder *recorder;
    int64_t now_us;
    unsigned node;                       /* RECORDER_NODES: all */
    const struct fault_setting *setting; /* NULL: none */
    const struct ndes_request *request;  /* NULL: none */
    const struct ndes_reply *reply;      /* NULL: none */
    int64_t taken_us;                    /* until the reply leaves */
};

/* Fills braces in; what is not known stays. Cut to `bytes`. */
void recorder_fill(const struct recorder_scene *scene, const char *text, char *out, size_t bytes);
/* An event with its values filled in. */
void recorder_event(const struct recorder_scene *scene, const char *kind, const char *const *values);
/* Whether a row is for this setting of its fault. */
bool recorder_row_applies(const struct fault_setting *setting, const struct fault_trace *row);
/* Leaves all rows of a fault with one of `whens` (bits 1 << FAULT_TRACE_*). Holds `lock`. */
void recorder_rows(const struct recorder_scene *scene, size_t fault, unsigned whens);
/* Rows FAULT_TRACE_EVERY that are due. Holds `lock`. */
void recorder_every(const struct recorder_scene *scene, size_t fault);
/* One row, whatever its time. */
void recorder_row(const struct recorder_scene *scene, size_t fault, const struct fault_trace *row);
/* The CA's request table: what was refused, failed or waits. A collector asks for nothing else. */
void recorder_request(const struct recorder_scene *scene);
/* Whether a fault leaves anything in the logs of Intune's module, registration point or connector. */
bool recorder_needs_module(const struct fault_kind *kind);
/* Puts back what a fault has set. Holds `lock`. */
void recorder_restore(struct recorder *r, size_t fault);

/* Certificates and settings into the tables. */
bool recorder_tables(struct recorder *r, struct err *e) MUST_USE;

/* What Intune's module, registration point and connector write about a message. */
void recorder_intune(const struct recorder_scene *scene);
/* What a message leaves on NDES that came through an MDM. False: the MDM answered it without NDES. */
bool recorder_proxy(const struct recorder_scene *scene);
/* Writes a line of IIS now, or when its reply leaves. */
void recorder_iis(struct recorder *r, unsigned node, const struct traces_iis *line, int64_t now_us);
void recorder_late_lines(struct recorder *r, int64_t now_us);

/* The worker process has died. */
void recorder_crash(struct recorder *r, bool disabled);

/* Goes through the rows FAULT_TRACE_REQUEST of the faults that bit a request. */
struct recorder_rows_at {
    size_t fault, row;
};
/* The next row for this operation; NULL: no more. Begin with {0}; *fault is its fault. */
const struct fault_trace *recorder_next(const struct recorder_scene *scene, enum ndes_operation op,
                                        struct recorder_rows_at *at, const struct fault_setting **setting);

#endif
