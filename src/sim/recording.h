/* What the parts of the recorder share. */
#ifndef SIM_RECORDING_H
#define SIM_RECORDING_H

#include "sim/recorder.h"

#include <pthread.h>

#define SIM_RECORD_TEXT  512
#define SIM_RECORD_SAVED 256
#define SIM_RECORD_EVERY 16 /* rows SIM_TRACE_EVERY of one fault */
#define SIM_RECORD_LATE  4096
#define SIM_RECORD_THUMB 41

/* Who the certificates are: thumbprints as certlm shows them. */
struct sim_record_certs {
    char ca[SIM_RECORD_THUMB], sign[SIM_RECORD_THUMB], encrypt[SIM_RECORD_THUMB], web[SIM_RECORD_THUMB],
        module[SIM_RECORD_THUMB];
};

/* A cell as it was before a fault changed it. */
struct sim_record_saved {
    size_t fault;
    const struct sim_fault_trace *row;
    char key[SIM_RECORD_TEXT];
    char *before;
};

/* A line of a reply that leaves later. */
struct sim_record_late {
    int64_t due_us; /* by the true clock */
    unsigned node;
    struct traces_iis line; /* strings in `text` */
    char *text;
};

struct sim_recorder {
    struct sim_recorder_config config;
    bool module; /* Intune's module and connector are there, by mode or because a fault is about them */
    char address[64], otp_user[256], ca_name[128];
    struct traces *nodes[SIM_RECORDER_NODES];
    size_t node_count;
    struct sim_record_certs certs;
    struct sim_noise noise[SIM_RECORDER_NODES];

    /* Under the lock: what is going on. */
    pthread_mutex_t lock;
    bool serving;  /* mscep.dll is loaded and well */
    bool disabled; /* the pool has crashed too often */
    uint32_t held;
    size_t restarts;
    int64_t clock_us; /* how far the server's clock is ahead */
    int64_t every_us[SIM_FAULTS_MAX][SIM_RECORD_EVERY];
    struct sim_record_saved saved[SIM_RECORD_SAVED];
    size_t saved_count;

    pthread_mutex_t late_lock;
    struct sim_record_late late[SIM_RECORD_LATE]; /* a heap, the first to leave at the top */
    size_t late_count;

    pthread_t watcher;
    bool watching, stopping;
    pthread_cond_t wake; /* with `lock` */
};

/* What a row of a fault is about, for its {braces}. */
struct sim_record_scene {
    struct sim_recorder *recorder;
    int64_t now_us;
    unsigned node;                           /* SIM_RECORDER_NODES: all */
    const struct sim_fault_setting *setting; /* NULL: none */
    const struct sim_request *request;       /* NULL: none */
    const struct sim_reply *reply;           /* NULL: none */
    int64_t taken_us;                        /* until the reply leaves */
};

/* Fills braces in; what is not known stays. Cut to `bytes`. */
void sim_record_fill(const struct sim_record_scene *scene, const char *text, char *out, size_t bytes);
/* An event with its values filled in. */
void sim_record_event(const struct sim_record_scene *scene, const char *kind, const char *const *values);
/* Whether a row is for this setting of its fault. */
bool sim_record_row_applies(const struct sim_fault_setting *setting, const struct sim_fault_trace *row);
/* Leaves all rows of a fault with one of `whens` (bits 1 << SIM_TRACE_*). Holds `lock`. */
void sim_record_rows(const struct sim_record_scene *scene, size_t fault, unsigned whens);
/* Rows SIM_TRACE_EVERY that are due. Holds `lock`. */
void sim_record_every(const struct sim_record_scene *scene, size_t fault);
/* One row, whatever its time. */
void sim_record_row(const struct sim_record_scene *scene, size_t fault, const struct sim_fault_trace *row);
/* The CA's request table: what was refused, failed or waits. A collector asks for nothing else. */
void sim_record_request(const struct sim_record_scene *scene);
/* Whether a fault leaves anything in the logs of Intune's module, registration point or connector. */
bool sim_record_needs_module(const struct sim_fault_kind *kind);
/* Puts back what a fault has set. Holds `lock`. */
void sim_record_restore(struct sim_recorder *r, size_t fault);

/* Certificates and settings into the tables. */
bool sim_record_tables(struct sim_recorder *r, struct err *e) MUST_USE;

/* What Intune's module, registration point and connector write about a message. */
void sim_record_intune(const struct sim_record_scene *scene);
/* What a message leaves on NDES that came through an MDM. False: the MDM answered it without NDES. */
bool sim_record_proxy(const struct sim_record_scene *scene);
/* Writes a line of IIS now, or when its reply leaves. */
void sim_record_iis(struct sim_recorder *r, unsigned node, const struct traces_iis *line, int64_t now_us);
void sim_record_late_lines(struct sim_recorder *r, int64_t now_us);

/* The worker process has died. */
void sim_record_crash(struct sim_recorder *r, bool disabled);

/* Goes through the rows SIM_TRACE_REQUEST of the faults that bit a request. */
struct sim_record_rows_at {
    size_t fault, row;
};
/* The next row for this operation; NULL: no more. Begin with {0}; *fault is its fault. */
const struct sim_fault_trace *sim_record_next(const struct sim_record_scene *scene, enum sim_operation op,
                                              struct sim_record_rows_at *at,
                                              const struct sim_fault_setting **setting);

#endif
