#!/usr/bin/env bash
# Makes the compiled networks that the reference measurements ran, for `u65sim validate`.
# Run by hand; neither the build nor the tests need it.
#
#   python3 -m venv VENV && VENV/bin/pip install -r tests/peers/requirements.txt
#   U65SIM_MODELS=... tests/peers/make_streams.sh VENV/bin/vela build/release/bin/u65sim STREAMS
#   U65SIM_MODELS=... U65SIM_STREAMS=STREAMS u65sim validate configs/validation/*.yaml
#
# The settings are those of the measurements: U65 in dedicated SRAM with High End memories, U55 in
# shared SRAM with a 2 MiB arena, everything optimised for performance. The arena's size is given,
# because Vela 5.0.0 leaves it unlimited otherwise, whatever its memory mode says.
set -euo pipefail

if [ $# -ne 3 ]; then
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
vela=$1 u65sim=$2 streams=$3
accelerators="ethos-u65-256 ethos-u65-512 ethos-u55-32 ethos-u55-64 ethos-u55-128 ethos-u55-256"

mkdir -p "$streams/networks"
"$u65sim" zoo write mobilenet_v2_224 vgg19_cifar100 resnet50_cifar100 mobilenet_v1_cifar100 \
    -o "$streams/networks" >/dev/null

settings() {
    case $1 in
    ethos-u65-*) echo --system-config Ethos_U65_High_End --memory-mode Dedicated_Sram \
        --arena-cache-size 393216 ;;
    *) echo --system-config Ethos_U55_High_End_Embedded --memory-mode Shared_Sram \
        --arena-cache-size 2097152 ;;
    esac
}

# The .ini of the same package, whatever its version names the folder.
config=$(dirname "$(dirname "$vela")")/lib/python3*/site-packages/ethosu/config_files/Arm/vela.ini
config=$(echo $config)

compile() { # accelerator file
    # shellcheck disable=SC2046
    "$vela" "$2" --accelerator-config "$1" --config "$config" --optimise Performance \
        $(settings "$1") --output-dir "$streams/$1" >"$streams/$1-$(basename "$2").log" 2>&1 ||
        echo "$2 on $1: not compiled, see $streams/$1-$(basename "$2").log" >&2
}

draw() { # source target how...
    "$(dirname "$vela")/python" "$(dirname "$0")/draw_weights.py" "$@"
}

# MobileNetV2 with weights that encode to as many bytes as the reference's (3,267,536 on the
# u65-256), whose own are not public: those of the zoo take 1 % more.
mkdir -p "$streams/networks/measured"
draw "$streams/networks/mobilenet_v2_224.tflite" \
    "$streams/networks/measured/mobilenet_v2_224.tflite" --deviation 38.5

for accelerator in $accelerators; do
    compile "$accelerator" "$streams/networks/measured/mobilenet_v2_224.tflite"
    if [ -n "${U65SIM_MODELS:-}" ]; then
        for name in kws_micronet_m rnnoise_INT8 yolo-fastest_192_face_v4; do
            file=$U65SIM_MODELS/$name.tflite
            if [ -f "$file" ]; then compile "$accelerator" "$file"; fi
        done
    fi
done
# The talk's networks: weights as the zoo draws them, and the least and the most that trained weights
# of such networks take. Those at hand encode to 0.85 (MobileNetV2) to 1.00 (ResNets) of their bytes.
variant() { # network suffix how...
    draw "$streams/networks/$1.tflite" "$streams/networks/$1_$2.tflite" "${@:3}"
}
variant vgg19_cifar100 least --deviation 25
variant resnet50_cifar100 least --deviation 38
variant mobilenet_v1_cifar100 least --deviation 27
for name in vgg19_cifar100 resnet50_cifar100 mobilenet_v1_cifar100; do
    variant "$name" most --even
    for weights in "" _least _most; do
        compile ethos-u65-256 "$streams/networks/$name$weights.tflite"
    done
done
ls "$streams"/ethos-*/*_vela.tflite
