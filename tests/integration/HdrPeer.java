import java.io.File;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

/* The reference implementation of HdrHistogram, as a peer.
 *   log FILE    sums a log up by tag: "tag count min max p50 p90 p95 p99 p99.9" in microseconds
 *   write       encodes known values: "count min max p50 ... encoding", a line each */
public final class HdrPeer {
    private static final double[] PERCENTILES = {50, 90, 95, 99, 99.9};

    private static String figures(Histogram h) {
        StringBuilder out = new StringBuilder();
        out.append(h.getTotalCount()).append(' ').append(h.getMinValue()).append(' ').append(h.getMaxValue());
        for (double p : PERCENTILES) {
            out.append(' ').append(h.getValueAtPercentile(p));
        }
        return out.toString();
    }

    private static void log(String file) throws Exception {
        TreeMap<String, Histogram> sums = new TreeMap<>();
        HistogramLogReader reader = new HistogramLogReader(new File(file));
        while (reader.hasNext()) {
            EncodableHistogram one = reader.nextIntervalHistogram();
            if (one == null) {
                break;
            }
            String tag = one.getTag() == null ? "-" : one.getTag();
            sums.computeIfAbsent(tag, t -> new Histogram(1, 86400000000L, 3)).add((Histogram) one);
        }
        sums.forEach((tag, h) -> System.out.println(tag + " " + figures(h)));
    }

    private static void print(Histogram h) {
        ByteBuffer buffer = ByteBuffer.allocate(h.getNeededByteBufferCapacity());
        int length = h.encodeIntoCompressedByteBuffer(buffer, 9);
        byte[] bytes = java.util.Arrays.copyOf(buffer.array(), length);
        System.out.println(figures(h) + " " + Base64.getEncoder().encodeToString(bytes));
    }

    private static void write() {
        Histogram h = new Histogram(1, 86400000000L, 3);
        print(h);
        h.recordValue(0);
        h.recordValue(86400000000L);
        print(h);
        for (long i = 1; i <= 3000; i++) {
            h.recordValue(i * i * i % 90001 * (i % 7 + 1));
        }
        print(h);
        h.recordValueWithCount(12345678, 5000000000L);
        print(h);
        Histogram growing = new Histogram(3);
        for (long i = 1; i <= 100000; i++) {
            growing.recordValue(i);
        }
        print(growing);
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("log")) {
            log(args[1]);
        } else {
            write();
        }
    }
}
