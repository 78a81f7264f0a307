import ij.ImagePlus;
import ij.io.FileSaver;
import ij.io.Opener;
import ij.measure.Calibration;
import ij.process.ImageProcessor;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;

/**
 * Opens the files of a folder that ImageJ made hyperstacks are, compares their pixels with the items beside them, and
 * prints what ImageJ makes of their axes. Saves each again, in a folder of its own, for the other direction.
 */
public class Hyperstacks {
    public static void main(String[] arguments) throws Exception {
        File folder = new File(arguments[0]);
        File again = new File(folder, "again");
        again.mkdirs();
        File[] files = folder.listFiles((place, name) -> name.endsWith(".tif"));
        Arrays.sort(files);
        for (File file : files) {
            ImagePlus image = new Opener().openImage(file.getPath());
            if (image == null) {
                System.out.println(file.getName() + ": ImageJ does not open it");
                System.exit(1);
            }
            byte[] items = Files.readAllBytes(new File(file.getPath() + ".items").toPath());
            ByteBuffer wanted = ByteBuffer.wrap(items).order(ByteOrder.nativeOrder());
            for (int slice = 1; slice <= image.getStackSize(); slice++) {
                ImageProcessor pixels = image.getStack().getProcessor(slice);
                for (int i = 0; i < pixels.getPixelCount(); i++) {
                    if (!same(image, pixels, i, wanted)) {
                        System.out.println(file.getName() + ": slice " + slice + ", pixel " + i + " differs");
                        System.exit(1);
                    }
                }
            }
            if (wanted.hasRemaining()) {
                System.out.println(file.getName() + ": " + wanted.remaining() + " bytes of pixels are missing");
                System.exit(1);
            }
            Calibration of = image.getCalibration();
            int[] axes = image.getDimensions();
            System.out.printf("%s: %d x %d, C %d Z %d T %d, %d bits, hyperstack %b, %.6g %.6g %.6g %s, interval %.6g, composite %b, %s%n",
                file.getName(), axes[0], axes[1], axes[2], axes[3], axes[4], image.getBitDepth(), image.isHyperStack(),
                of.pixelWidth, of.pixelHeight, of.pixelDepth, of.getUnit(), of.frameInterval, image.isComposite(),
                image.getStack().getSliceLabel(1));
            FileSaver saver = new FileSaver(image);
            String path = new File(again, file.getName()).getPath();
            boolean saved = image.getStackSize() > 1 ? saver.saveAsTiffStack(path) : saver.saveAsTiff(path);
            if (!saved) {
                System.exit(1);
            }
        }
    }

    /** Whether a pixel has the value of the next items. */
    private static boolean same(ImagePlus image, ImageProcessor pixels, int i, ByteBuffer wanted) {
        switch (image.getBitDepth()) {
            case 8:
                return pixels.get(i) == (wanted.get() & 255);
            case 16:
                // Signed numbers are kept from 0 on, with a function that takes 32768 from them.
                int offset = image.getCalibration().isSigned16Bit() ? 32768 : 0;
                short number = wanted.getShort();
                return pixels.get(i) == (offset > 0 ? number + offset : number & 65535);
            case 24:
                int red = wanted.get() & 255, green = wanted.get() & 255, blue = wanted.get() & 255;
                return (pixels.get(i) & 0xFFFFFF) == (red << 16 | green << 8 | blue);
            default:
                return Float.floatToRawIntBits(pixels.getf(i)) == wanted.getInt();
        }
    }
}
