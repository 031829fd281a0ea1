/* The OTP page in the languages of servers. English is from a real server (A.5); a translated page has its pattern, its words
 * are inferred. */
#include "ndes/pages.h"

/* What stands before and after a value. */
struct around {
    const char *before, *after;
};

static const struct words {
    const char *title, *intro;
    struct around thumbprint, password, once; /* once: the minutes */
    const char *again;
    const char *full;
    struct around stored; /* minutes */
    const char *use, *wait, *restart;
    struct around more; /* places */
    const char *denied;
} texts[NDES_LANGUAGE_COUNT] = {
    [NDES_ENGLISH] =
        {
            .title = "Network Device Enrollment Service",
            .intro = "To complete certificate enrollment for your network device you will need the following "
                     "information:",
            .thumbprint = {"The thumbprint (hash value) for the CA certificate is: ", ""},
            .password = {"The enrollment challenge password is: ", ""},
            .once = {"This password can be used only once and will expire within ", " minutes."},
            .again = "Each enrollment requires a new challenge password. You can refresh this web page to "
                     "obtain a new challenge password.",
            .full = "The password cache is full.",
            .stored = {"By default, passwords are stored for ", " minutes. To free room, do one of these:"},
            .use = "Use one of the passwords that were issued before.",
            .wait = "Wait until one of them expires.",
            .restart = "Restart Internet Information Services (IIS).",
            .more = {"Configure the service to cache more than ", " passwords."},
            .denied = "You do not have sufficient permission to enroll with SCEP.  Please contact your "
                      "system administrator.",
        },
    [NDES_GERMAN] =
        {
            .title = "Registrierungsdienst für Netzwerkgeräte",
            .intro = "Um die Zertifikatregistrierung für das Netzwerkgerät abzuschließen, benötigen Sie die "
                     "folgenden Informationen:",
            .thumbprint = {"Der Fingerabdruck (Hashwert) des Zertifizierungsstellenzertifikats lautet: ", ""},
            .password = {"Das Kennwort für die Registrierung lautet: ", ""},
            .once = {"Dieses Kennwort kann nur einmal verwendet werden und läuft in ", " Minuten ab."},
            .again = "Für jede Registrierung ist ein neues Kennwort erforderlich. Aktualisieren Sie diese "
                     "Webseite, um ein neues Kennwort zu erhalten.",
            .full = "Der Kennwortcache ist voll.",
            .stored = {"Kennwörter werden standardmäßig ", " Minuten lang gespeichert."},
            .use = "Verwenden Sie eines der bereits ausgestellten Kennwörter.",
            .wait = "Warten Sie, bis eines von ihnen abläuft.",
            .restart = "Starten Sie die Internetinformationsdienste (IIS) neu.",
            .more = {"Konfigurieren Sie den Dienst so, dass er mehr als ", " Kennwörter zwischenspeichert."},
            .denied = "Sie verfügen nicht über ausreichende Berechtigungen, um sich bei SCEP zu "
                      "registrieren. Wenden Sie sich an den Systemadministrator.",
        },
    [NDES_FRENCH] =
        {
            .title = "Service d’inscription de périphériques réseau",
            .intro = "Pour terminer l’inscription de certificat de votre périphérique réseau, vous aurez "
                     "besoin des informations suivantes :",
            .thumbprint = {"L’empreinte numérique (valeur de hachage) du certificat de l’autorité de "
                           "certification est : ",
                           ""},
            .password = {"Le mot de passe de demande d’inscription est : ", ""},
            .once = {"Ce mot de passe ne peut être utilisé qu’une seule fois et expirera dans ", " minutes."},
            .again = "Chaque inscription requiert un nouveau mot de passe. Actualisez cette page Web pour "
                     "en obtenir un.",
            .full = "Le cache de mots de passe est plein.",
            .stored = {"Par défaut, les mots de passe sont conservés pendant ", " minutes."},
            .use = "Utilisez l’un des mots de passe déjà émis.",
            .wait = "Attendez que l’un d’eux expire.",
            .restart = "Redémarrez les services Internet (IIS).",
            .more = {"Configurez le service pour qu’il mette en cache plus de ", " mots de passe."},
            .denied = "Vous ne disposez pas des autorisations suffisantes pour vous inscrire avec SCEP. "
                      "Contactez votre administrateur système.",
        },
    [NDES_JAPANESE] =
        {
            .title = "ネットワーク デバイス登録サービス",
            .intro = "ネットワーク デバイスの証明書の登録を完了するには、次の情報が必要です:",
            .thumbprint = {"CA 証明書の拇印 (ハッシュ値): ", ""},
            .password = {"登録チャレンジ パスワード: ", ""},
            .once = {"このパスワードは 1 回だけ使用でき、", " 分後に有効期限が切れます。"},
            .again = "登録ごとに新しいチャレンジ パスワードが必要です。この Web "
                     "ページを更新すると、新しいパスワードを取得できます。",
            .full = "パスワード キャッシュがいっぱいです。",
            .stored = {"既定では、パスワードは ", " 分間保存されます。"},
            .use = "既に発行されたパスワードを使用してください。",
            .wait = "いずれかの有効期限が切れるまで待ってください。",
            .restart = "インターネット インフォメーション サービス (IIS) を再起動してください。",
            .more = {"", " 個を超えるパスワードをキャッシュするようにサービスを構成してください。"},
            .denied = "SCEP に登録するための十分なアクセス許可がありません。システム管理者に問い合わせてくだ"
                      "さい。",
        },
};

static void append_bold(struct buf *text, const struct around *around, const char *value)
{
    buf_appendf(text, "<P>%s<B> %s </B>%s</P>\r\n", around->before, value, around->after);
}

static void append_password(struct buf *text, const struct words *words,
                            const struct ndes_otp_page_facts *facts)
{
    buf_appendf(text, "<P>%s</P>\r\n", words->intro);
    append_bold(text, &words->thumbprint, facts->thumbprint);
    append_bold(text, &words->password, facts->password);
    if (facts->fixed)
        return;
    buf_appendf(text, "<P>%s%lld%s</P>\r\n", words->once.before, (long long)facts->validity_min,
                words->once.after);
    buf_appendf(text, "<P>%s</P>\r\n", words->again);
}

static void append_cache_full(struct buf *text, const struct words *words,
                              const struct ndes_otp_page_facts *facts)
{
    buf_appendf(text,
                "<P>%s</P>\r\n"
                "<P>%s%lld%s</P>\r\n"
                "<UL><LI>%s</LI>\r\n"
                "<LI>%s</LI>\r\n"
                "<LI>%s</LI>\r\n"
                "<LI>%s%u%s</LI></UL>\r\n",
                words->full, words->stored.before, (long long)facts->validity_min, words->stored.after,
                words->use, words->wait, words->restart, words->more.before, facts->cache_max,
                words->more.after);
}

/* The texts above are UTF-8 of at most three bytes a character, so that each becomes one unit. */
static void append_utf16le(struct buf *out, struct span utf8)
{
    for (size_t i = 0; i < utf8.len;) {
        unsigned first = utf8.data[i];
        size_t more = first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
        unsigned unit = more == 2 ? first & 0x0f : more == 1 ? first & 0x1f : first;
        for (size_t k = 1; k <= more && i + k < utf8.len; k++)
            unit = unit << 6 | (utf8.data[i + k] & 0x3f);
        buf_append_byte(out, (uint8_t)unit);
        buf_append_byte(out, (uint8_t)(unit >> 8));
        i += more + 1;
    }
}

void ndes_page_otp(enum ndes_otp_page page, const struct ndes_otp_page_facts *facts, struct ndes_reply *reply)
{
    const struct words *words = &texts[facts->language];
    struct buf text, html;
    ndes_page_start(reply);
    buf_init(&text, 16384);
    buf_init(&html, 16384);
    switch (page) {
    case NDES_OTP_PAGE_PASSWORD:
        append_password(&text, words, facts);
        break;
    case NDES_OTP_PAGE_CACHE_FULL:
        append_cache_full(&text, words, facts);
        break;
    case NDES_OTP_PAGE_NO_PERMISSION:
        buf_appendf(&text, "<P>%s</P>\r\n", words->denied);
        break;
    case NDES_OTP_PAGE_UNKNOWN:
        buf_append_text(&text, "<P>---</P>\r\n");
        break;
    case NDES_OTP_PAGE_BLANK:
        return;
    }
    const char *shown = buf_text(&text);
    if (shown != NULL)
        ndes_page_frame(&html, words->title, shown);
    append_utf16le(&reply->body, buf_span(&html));
    buf_wipe(&text);
    buf_wipe(&html);
}
