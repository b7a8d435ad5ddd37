#include "ir/random.hpp"

#include <algorithm>
#include <bit>

namespace u65sim::ir {
namespace {

constexpr int octaves = 24;
constexpr int segment_bits = 4;
constexpr int segments = 1 << segment_bits;

// Quantiles of the standard normal distribution times 65536. Row k, column j belongs to the tail
// probability (1 + j/16) / 2^(k+2), so that a random word's leading zeros choose the row.
constexpr std::array<std::array<std::int32_t, segments + 1>, octaves> quantiles{{
    {44203, 41032, 37954, 34958, 32032, 29170, 26362, 23601, 20882, 18199, 15545, 12917, 10310,
     7718, 5139, 2567, 0},
    {75389, 72954, 70616, 68364, 66191, 64087, 62048, 60067, 58140, 56262, 54428, 52637, 50884,
     49166, 47482, 45828, 44203},
    {100540, 98507, 96565, 94704, 92917, 91196, 89536, 87931, 86377, 84871, 83408, 81985, 80600,
     79250, 77933, 76647, 75389},
    {122076, 120303, 118613, 116999, 115453, 113968, 112540, 111164, 109834, 108549, 107304, 106096,
     104924, 103784, 102675, 101594, 100540},
    {141156, 139567, 138055, 136614, 135235, 133914, 132646, 131425, 130248, 129112, 128013, 126949,
     125918, 124916, 123944, 122997, 122076},
    {158437, 156986, 155608, 154295, 153042, 151842, 150691, 149585, 148519, 147492, 146500, 145540,
     144610, 143709, 142834, 141983, 141156},
    {174330, 172988, 171714, 170502, 169346, 168241, 167181, 166163, 165184, 164240, 163329, 162449,
     161597, 160771, 159970, 159193, 158437},
    {189113, 187859, 186670, 185540, 184462, 183432, 182445, 181498, 180588, 179711, 178865, 178048,
     177257, 176492, 175750, 175030, 174330},
    {202983, 201802, 200683, 199620, 198608, 197640, 196714, 195825, 194971, 194149, 193356, 192591,
     191851, 191135, 190440, 189767, 189113},
    {216085, 214967, 213907, 212901, 211943, 211028, 210153, 209313, 208507, 207731, 206982, 206260,
     205563, 204887, 204233, 203599, 202983},
    {228531, 227466, 226458, 225501, 224590, 223720, 222888, 222091, 221325, 220588, 219878, 219193,
     218531, 217890, 217270, 216669, 216085},
    {240408, 239390, 238426, 237512, 236642, 235811, 235017, 234256, 233525, 232822, 232145, 231492,
     230861, 230250, 229660, 229087, 228531},
    {251785, 250808, 249884, 249007, 248173, 247377, 246616, 245887, 245187, 244514, 243865, 243240,
     242636, 242052, 241487, 240939, 240408},
    {262719, 261779, 260890, 260047, 259244, 258479, 257747, 257046, 256374, 255727, 255104, 254504,
     253924, 253363, 252821, 252295, 251785},
    {273257, 272350, 271492, 270679, 269905, 269167, 268462, 267786, 267138, 266515, 265915, 265337,
     264779, 264239, 263716, 263210, 262719},
    {283438, 282561, 281732, 280945, 280197, 279484, 278803, 278150, 277524, 276922, 276343, 275784,
     275245, 274724, 274219, 273731, 273257},
    {293295, 292445, 291642, 290880, 290155, 289465, 288805, 288173, 287567, 286984, 286423, 285883,
     285361, 284857, 284369, 283896, 283438},
    {302857, 302032, 301252, 300512, 299809, 299139, 298499, 297886, 297298, 296733, 296189, 295665,
     295159, 294670, 294197, 293739, 293295},
    {312148, 311346, 310587, 309869, 309185, 308534, 307912, 307316, 306745, 306196, 305668, 305159,
     304667, 304192, 303733, 303288, 302857},
    {321190, 320408, 319670, 318970, 318305, 317671, 317065, 316486, 315930, 315396, 314882, 314387,
     313909, 313447, 313000, 312567, 312148},
    {330000, 329239, 328519, 327837, 327188, 326570, 325980, 325415, 324873, 324353, 323852, 323370,
     322904, 322455, 322019, 321598, 321190},
    {338597, 337853, 337151, 336485, 335852, 335249, 334673, 334122, 333593, 333086, 332597, 332127,
     331673, 331234, 330810, 330399, 330000},
    {346994, 346267, 345580, 344930, 344312, 343722, 343160, 342622, 342105, 341610, 341133, 340673,
     340230, 339801, 339387, 338986, 338597},
    {355204, 354493, 353822, 353185, 352581, 352004, 351454, 350928, 350423, 349939, 349472, 349023,
     348590, 348171, 347766, 347374, 346994},
}};

constexpr std::uint64_t mix(std::uint64_t& state) {
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t value = state;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

using State = std::array<std::uint64_t, 4>;

std::uint64_t advance(State& state) {
    const std::uint64_t result = std::rotl(state[1] * 5, 7) * 9;
    const std::uint64_t shifted = state[1] << 17U;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = std::rotl(state[3], 45);
    return result;
}

std::int32_t normal(std::uint64_t word) {
    // Bit 63 down: the run of zeros picks the octave of the tail, the bits behind it the place
    // inside, 16 segments with linear interpolation.
    const int zeros = std::min(std::countl_zero(word | 1U), octaves - 1);
    const std::uint64_t below = word << (zeros + 1);
    const auto segment = static_cast<std::size_t>(below >> (64 - segment_bits));
    const auto fraction = static_cast<std::int64_t>((below << segment_bits) >> 52U);
    const auto& row = quantiles[static_cast<std::size_t>(zeros)];
    const std::int64_t from = row[segment];
    const std::int64_t step = row[segment + 1] - from;
    const auto size = static_cast<std::int32_t>(from + ((step * fraction) >> 12U));
    // Without a branch, for half of them are negative.
    const auto negative = static_cast<std::int32_t>(word & 1U);
    return (size ^ -negative) + negative;
}

}  // namespace

Random::Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = mix(seed);
}

Random::Random(std::uint64_t seed, std::string_view purpose) {
    std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
    for (const char letter : purpose) {
        hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001B3U;
    }
    seed ^= hash;
    for (std::uint64_t& word : state_) word = mix(seed);
}

std::uint64_t Random::next() { return advance(state_); }

std::int32_t Random::gaussian() { return normal(advance(state_)); }

void Random::gaussian(std::span<std::int32_t> numbers) {
    State state = state_;  // stays in registers
    for (std::int32_t& number : numbers) number = normal(advance(state));
    state_ = state;
}

double Random::uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

}  // namespace u65sim::ir
