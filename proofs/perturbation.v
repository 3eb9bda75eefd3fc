(** * A symmetric matrix perturbed, near a simple eigenvalue

    Over every real field, and with the constants written out.  X is symmetric, λ a simple eigenvalue,
    X v = λ v and vᵀv = 1; R is the reduced resolvent Σ_j v_j v_jᵀ/(λ − λ_j), over the other eigenpairs.
    If x is an eigenvalue of X + H near λ, its eigenvector y with vᵀy = 1 is v + R H v + O(‖H‖²), and
    x is λ + vᵀHv + vᵀH R H v + O(‖H‖³).  H need not be symmetric. *)

From mathcomp Require Import all_ssreflect fingroup perm all_algebra ring.
From Symgrad Require Import contraction derivation eigenvalue norm.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma frobE (R : comRingType) n (u v : 'cV[R]_n) : u^T *m v = ⟨u, v⟩%:M.
Proof. by rewrite [LHS]mx11_scalar -trace_mx11 -frob_trace. Qed.

Lemma frob_mulmx (R : comRingType) n (u v : 'cV[R]_n) (A : 'M[R]_n) : ⟨u, A *m v⟩ = ⟨u *m v^T, A⟩.
Proof. by rewrite !frob_trace trmx_mul trmxK -[in RHS]mulmxA [RHS]mxtrace_mulC mulmxA. Qed.

Lemma frob_adjoint (R : comRingType) n (u v : 'cV[R]_n) (A : 'M[R]_n) : ⟨u, A *m v⟩ = ⟨A^T *m u, v⟩.
Proof. by rewrite !frob_trace trmx_mul trmxK mulmxA. Qed.

(** v vᵀ and a number: (v vᵀ) u = ⟨v, u⟩ v. *)
Lemma projector_mul (R : comRingType) n (v u : 'cV[R]_n) : v *m v^T *m u = ⟨v, u⟩ *: v.
Proof. by rewrite -mulmxA frobE mul_mx_scalar. Qed.

Section Resolvent.

Variables (R : fieldType) (n : nat) (X : 'M[R]_n) (v : 'cV[R]_n) (lam : R).

(** (λI − X + v vᵀ)⁻¹ − v vᵀ. *)
Definition resolvent := invmx (lam%:M - X + v *m v^T) - v *m v^T.

Hypotheses (symX : X^T = X) (eigenpair : X *m v = lam *: v) (unit_v : ⟨v, v⟩ = 1).
Hypothesis simple : (char_poly X)^`().[lam] != 0.

Let M := lam%:M - X.

Let symM : M^T = M.
Proof. by rewrite linearB /= tr_scalar_mx symX. Qed.

Let Mv : M *m v = 0.
Proof. by rewrite mulmxBl mul_scalar_mx eigenpair subrr. Qed.

Let vM : v^T *m M = 0.
Proof. by rewrite -symM -trmx_mul Mv trmx0. Qed.

(** The eigenvectors are the multiples of v. *)
Lemma kernel_line u : M *m u = 0 -> u = ⟨v, u⟩ *: v.
Proof.
move=> Mu; have c_neq0 : \tr (\adj M) != 0 by rewrite -deriv_char_poly.
apply: (scalerI c_neq0); transitivity (\adj M *m u).
  apply/colP=> i; rewrite !mxE mulr_suml; apply: eq_bigr => k _.
  exact: adj_column Mu.
by rewrite {1}(adj_kernel symM Mv unit_v) -scalemxAl projector_mul.
Qed.

Let shifted_unit : M + v *m v^T \in unitmx.
Proof.
rewrite unitmxE unitfE; apply/negP=> /det0P[u' u'_neq0 /(congr1 trmx)].
rewrite trmx_mul linearD /= symM projector_sym trmx0; move: u'^T (trmxK u') => u uK.
rewrite mulmxDl projector_mul => Mu0.
have vu : ⟨v, u⟩ = 0.
  have := congr1 (mulmx v^T) Mu0; rewrite mulmxDr mulmxA vM mul0mx add0r -scalemxAr mulmx0 frobE.
  by rewrite unit_v => /matrixP/(_ 0 0); rewrite !mxE mulr1.
move: Mu0; rewrite vu scale0r addr0 => /kernel_line; rewrite vu scale0r => u0.
by move: u'_neq0; rewrite -uK u0 trmx0 eqxx.
Qed.

Let shifted_v : (M + v *m v^T) *m v = v.
Proof. by rewrite mulmxDl Mv add0r projector_mul unit_v scale1r. Qed.

Let shifted_inv : invmx (M + v *m v^T) *m v = v.
Proof. by apply: (canLR (mulKmx shifted_unit)); rewrite shifted_v. Qed.

(** R v = 0. *)
Theorem resolvent_v : resolvent *m v = 0.
Proof. by rewrite mulmxBl projector_mul unit_v scale1r shifted_inv subrr. Qed.

(** R (λI − X) = I − v vᵀ. *)
Theorem resolventK : resolvent *m (lam%:M - X) = 1%:M - v *m v^T.
Proof.
rewrite -/M mulmxBl -[v *m v^T *m M]mulmxA vM mulmx0 subr0.
rewrite -[in LHS](addrK (v *m v^T) M) mulmxBr mulVmx //; congr (_ - _).
by rewrite mulmxA shifted_inv.
Qed.

(** R is symmetric. *)
Theorem resolvent_sym : resolvent^T = resolvent.
Proof. by rewrite linearB /= trmx_inv linearD /= -/M symM projector_sym. Qed.

(** These three determine R. *)
Theorem resolvent_unique S :
  S *m v = 0 -> S *m (lam%:M - X) = 1%:M - v *m v^T -> S = resolvent.
Proof.
move=> Sv SM; apply: (can_inj (mulmxK shifted_unit)).
by rewrite [LHS]mulmxDr [RHS]mulmxDr !mulmxA Sv resolvent_v resolventK SM.
Qed.

End Resolvent.

Section Perturbation.

Variables (R : realFieldType) (n : nat) (X : 'M[R]_n) (v : 'cV[R]_n) (lam : R).
Hypotheses (symX : X^T = X) (eigenpair : X *m v = lam *: v) (unit_v : ⟨v, v⟩ = 1).
Hypothesis simple : (char_poly X)^`().[lam] != 0.
Implicit Types (H : 'M[R]_n) (x : R) (y u : 'cV[R]_n).

Notation S := (resolvent X v lam).

(** How far x and X + H are from λ and X, for the resolvent. *)
Definition offset H x := norm S * (norm H + `|x - lam|).

Lemma offset_ge0 H x : 0 <= offset H x.
Proof. by rewrite mulr_ge0 ?norm_ge0 // addr_ge0 ?norm_ge0. Qed.

(** H is small, and x near λ. *)
Definition nearby H x := 2%:R * norm v * offset H x < 1.

(** Which is so where both are less than this. *)
Definition radius := (4%:R * norm v * norm S + 1)^-1.

Lemma radius_gt0 : 0 < radius.
Proof. by rewrite invr_gt0 ltr_paddl ?ltr01 // !mulr_ge0 ?norm_ge0 ?ler0n. Qed.

Lemma nearby_radius H x : norm H < radius -> `|x - lam| < radius -> nearby H x.
Proof.
move=> /ltW le_H /ltW le_x; have a_ge0 : 0 <= 2%:R * norm v * norm S.
  by rewrite !mulr_ge0 ?norm_ge0 ?ler0n.
apply: (@le_lt_trans _ _ (2%:R * norm v * norm S * (radius + radius))).
  by rewrite /offset mulrA ler_wpmul2l // ler_add.
have -> : 2%:R * norm v * norm S * (radius + radius) = 4%:R * norm v * norm S * radius by ring.
by rewrite ltr_pdivr_mulr ?mul1r ?ltr_addl ?ltr01 // -invr_gt0 radius_gt0.
Qed.

Lemma norm_v_ge1 : 1 <= norm v.
Proof.
have : 1 <= norm v * norm v by rewrite -{1}unit_v (le_trans (ler_norm _)) ?norm_frob.
by apply: contraTT; rewrite -!ltNge => lt1; rewrite -[ltRHS]mulr1 ltr_pmul ?norm_ge0.
Qed.

Lemma nearby_offset H x : nearby H x -> offset H x < 2%:R^-1.
Proof.
rewrite /nearby => near; rewrite -(mul1r 2%:R^-1) ltr_pdivl_mulr ?ltr0n //.
by rewrite mulrC (le_lt_trans _ near) // ler_wpmul2r ?offset_ge0 // ler_pemulr ?norm_v_ge1 ?ler0n.
Qed.

(** y − ⟨v, y⟩ v = R (H − (x − λ)I) y, exactly. *)
Lemma eigenvector_shift H x y :
  (X + H) *m y = x *: y -> y - ⟨v, y⟩ *: v = S *m (H *m y - (x - lam) *: y).
Proof.
move=> eig; have -> : H *m y - (x - lam) *: y = (lam%:M - X) *m y.
  rewrite [RHS]mulmxBl mul_scalar_mx scalerBl -eig mulmxDl.
  by rewrite opprB addrCA [X *m y + _]addrC opprD addNKr.
by rewrite mulmxA resolventK // mulmxBl mul1mx projector_mul.
Qed.

Lemma norm_shift H x y :
  (X + H) *m y = x *: y -> norm (y - ⟨v, y⟩ *: v) <= offset H x * norm y.
Proof.
move/eigenvector_shift->; rewrite /offset -mulrA; apply: normM_le => //.
rewrite (le_trans (normB _ _)) // mulrDl ler_add ?normM //.
by rewrite normZ.
Qed.

(** (x − λ)⟨v, y⟩ = ⟨v, H y⟩, exactly. *)
Lemma eigenvalue_shift H x y :
  (X + H) *m y = x *: y -> (x - lam) * ⟨v, y⟩ = ⟨v, H *m y⟩.
Proof.
move=> eig; have := congr1 (frob v) eig.
by rewrite mulmxDl frobDr frobZr [⟨v, X *m y⟩]frob_adjoint symX eigenpair frobZl mulrBl =>
  <-; rewrite addrAC subrr add0r.
Qed.

(** Near λ every eigenvector leans towards v. *)
Lemma eigenvector_leans H x y :
  nearby H x -> (X + H) *m y = x *: y -> y != 0 -> ⟨v, y⟩ != 0.
Proof.
move=> /nearby_offset small eig; apply: contraNneq => vy0; apply/eqP/norm_eq0.
have := norm_shift eig; rewrite vy0 scale0r subr0 -subr_ge0 -{2}[norm y]mul1r -mulrBl.
rewrite nmulr_rge0 // subr_lt0 (lt_trans small) // invf_lt1 ?ltr0n //.
by rewrite ltr1n.
Qed.

(** So an eigenvalue of X + H near λ has an eigenvector y with vᵀy = 1. *)
Lemma eigenvector_exists_near H x :
  nearby H x -> root (char_poly (X + H)) x ->
  exists2 y, (X + H) *m y = x *: y & ⟨v, y⟩ = 1.
Proof.
move=> small /eqP; rewrite horner_char_poly => /eqP; rewrite -det_tr => /det0P[u' u'_neq0].
move/(congr1 trmx); rewrite trmx_mul trmxK trmx0 mulmxBl mul_scalar_mx => /eqP.
rewrite subr_eq0 eq_sym => /eqP eig.
have vu := eigenvector_leans small eig; exists (⟨v, u'^T⟩^-1 *: u'^T).
  by rewrite -scalemxAr eig !scalerA mulrC.
by rewrite frobZr mulVf // vu // trmx_eq0.
Qed.

Lemma eigenvector_bounded H x y :
  nearby H x -> (X + H) *m y = x *: y -> ⟨v, y⟩ = 1 -> norm y <= 2%:R * norm v.
Proof.
move=> near eig vy; have : norm y <= norm y / 2%:R + norm v.
  rewrite -{1}[y](subrK v) (le_trans (normD _ _)) // ler_add2r.
  have := norm_shift eig; rewrite vy scale1r => /le_trans-> //; rewrite mulrC.
  by rewrite ler_wpmul2l ?norm_ge0 // ltW // nearby_offset.
by rewrite -ler_subl_addl {1}[norm y]splitr addrK ler_pdivr_mulr ?ltr0n // mulrC.
Qed.

(** That eigenvector is near v. *)
Lemma eigenvector_near H x y :
  nearby H x -> (X + H) *m y = x *: y -> ⟨v, y⟩ = 1 -> norm (y - v) < 1.
Proof.
move=> near eig vy; have := norm_shift eig; rewrite vy scale1r => /le_lt_trans-> //.
rewrite (le_lt_trans _ near) // [leRHS]mulrC.
by rewrite ler_wpmul2l ?offset_ge0 // (eigenvector_bounded near eig).
Qed.

(** There is at most one eigenvalue of X + H near λ. *)
Theorem eigenvalue_isolated H x x' :
  nearby H x -> nearby H x' ->
  root (char_poly (X + H)) x -> root (char_poly (X + H)) x' -> x = x'.
Proof.
move=> near near' /(eigenvector_exists_near near)[y eig vy] rootx'.
have nearT : nearby H^T x' by rewrite /nearby /offset norm_tr.
have rootT : root (char_poly (X + H^T)) x'.
  by move: rootx'; rewrite /root !horner_char_poly -det_tr linearB linearD /= tr_scalar_mx symX.
have [u eigu vu] := eigenvector_exists_near nearT rootT.
have uv : ⟨u, v⟩ = 1 by rewrite frobC.
have uy : ⟨u, y⟩ != 0.
  have -> : ⟨u, y⟩ = 1 + ⟨u - v, y - v⟩.
    by rewrite frobBl !frobBr uv vy unit_v subrr subr0 addrC subrK.
  have : `|⟨u - v, y - v⟩| < 1.
    rewrite (le_lt_trans (norm_frob _ _)) //.
    by rewrite -[ltRHS]mulr1 ltr_pmul ?norm_ge0 // (eigenvector_near _ eigu, eigenvector_near _ eig).
  by apply: contraTneq => /eqP; rewrite addrC addr_eq0 => /eqP->; rewrite normrN normr1 ltxx.
apply: (mulIf uy); rewrite -!frobZr -eig frob_adjoint linearD /= symX eigu.
by rewrite frobZl frobZr.
Qed.

Section Bounds.

Variables (H : 'M[R]_n) (x : R) (y : 'cV[R]_n).
Hypotheses (near : nearby H x) (eig : (X + H) *m y = x *: y) (vy : ⟨v, y⟩ = 1).

Let z := y - v.

(** The first of the constants. *)
Definition reach := norm S * (1 + 2%:R * norm v ^+ 2).

Let z_shift : norm z <= offset H x * norm y.
Proof. by have := norm_shift eig; rewrite vy scale1r. Qed.

Let norm_y : norm y <= 2%:R * norm v.
Proof. exact: eigenvector_bounded near eig vy. Qed.

(** |x − λ| ≤ 2‖v‖²‖H‖. *)
Lemma eigenvalue_close : `|x - lam| <= 2%:R * norm v ^+ 2 * norm H.
Proof.
have := eigenvalue_shift eig; rewrite vy mulr1 => ->.
rewrite (le_trans (norm_frob _ _)) //.
have -> : 2%:R * norm v ^+ 2 * norm H = norm v * (norm H * (2%:R * norm v)) by ring.
by rewrite ler_wpmul2l ?norm_ge0 // normM_le.
Qed.

Lemma offset_le : offset H x <= reach * norm H.
Proof.
rewrite /offset /reach -mulrA ler_wpmul2l ?norm_ge0 //.
by rewrite mulrDl mul1r ler_add2l eigenvalue_close.
Qed.

(** ‖y − v‖ ≤ 2‖v‖ reach ‖H‖. *)
Lemma eigenvector_close : norm (y - v) <= 2%:R * norm v * reach * norm H.
Proof.
rewrite (le_trans z_shift) // -[leRHS]mulrA mulrC.
by apply: ler_pmul; rewrite ?norm_ge0 ?offset_ge0 // offset_le.
Qed.

(** y = v + R H v, up to 2‖v‖ reach² ‖H‖². *)
Theorem eigenvector_first_order :
  norm (y - v - S *m H *m v) <= 2%:R * norm v * reach ^+ 2 * norm H ^+ 2.
Proof.
have -> : y - v - S *m H *m v = S *m (H *m z - (x - lam) *: z).
  have -> : S *m H *m v = S *m (H *m v - (x - lam) *: v).
    by rewrite mulmxBr -scalemxAr resolvent_v // scaler0 subr0 mulmxA.
  have := eigenvector_shift eig; rewrite vy scale1r => ->; rewrite -mulmxBr; congr (_ *m _).
  by rewrite /z mulmxBr scalerBr !opprD !opprK [LHS]addrACA.
apply: (@le_trans _ _ (offset H x * norm z)).
  rewrite /offset -mulrA; apply: normM_le => //.
  by rewrite (le_trans (normB _ _)) // mulrDl ler_add ?normM // normZ.
have -> : 2%:R * norm v * reach ^+ 2 * norm H ^+ 2
    = reach * norm H * (2%:R * norm v * reach * norm H) by ring.
by apply: ler_pmul; rewrite ?norm_ge0 ?offset_ge0 ?offset_le ?eigenvector_close.
Qed.

(** x = λ + ⟨v vᵀ, H⟩, up to 2‖v‖² reach ‖H‖². *)
Theorem eigenvalue_first_order :
  `|x - lam - ⟨v *m v^T, H⟩| <= 2%:R * norm v ^+ 2 * reach * norm H ^+ 2.
Proof.
have := eigenvalue_shift eig; rewrite vy mulr1 => ->.
rewrite -frob_mulmx -frobBr -mulmxBr (le_trans (norm_frob _ _)) //.
have -> : 2%:R * norm v ^+ 2 * reach * norm H ^+ 2
    = norm v * (norm H * (2%:R * norm v * reach * norm H)) by ring.
by rewrite ler_wpmul2l ?norm_ge0 // normM_le // eigenvector_close.
Qed.

(** x = λ + vᵀHv + vᵀH R H v, up to 2‖v‖² reach² ‖H‖³. *)
Theorem eigenvalue_second_order :
  `|x - lam - ⟨v, H *m v⟩ - ⟨v, H *m S *m H *m v⟩|
    <= 2%:R * norm v ^+ 2 * reach ^+ 2 * norm H ^+ 3.
Proof.
have := eigenvalue_shift eig; rewrite vy mulr1 => ->.
rewrite -!frobBr -!mulmxA -!mulmxBr !mulmxA (le_trans (norm_frob _ _)) //.
have -> : 2%:R * norm v ^+ 2 * reach ^+ 2 * norm H ^+ 3
    = norm v * (norm H * (2%:R * norm v * reach ^+ 2 * norm H ^+ 2)) by ring.
by rewrite ler_wpmul2l ?norm_ge0 // normM_le // eigenvector_first_order.
Qed.

(** The first order of the eigenprojector. *)
Let A := v *m v^T + S *m H *m v *m v^T + (S *m H *m v *m v^T)^T.

Let norm_A : norm A <= 2%:R * norm v ^+ 2.
Proof.
have vv : norm (v *m v^T) <= norm v * norm v by rewrite normM_le // norm_tr.
have SHv : norm (S *m H *m v *m v^T) <= norm v * norm v / 2%:R.
  rewrite -[_ *m v *m v^T]mulmxA mulrC; apply: normM_le vv; rewrite (le_trans (normM _ _)) //.
  rewrite (le_trans _ (ltW (nearby_offset near))) // /offset ler_wpmul2l ?norm_ge0 //.
  by rewrite ler_addl.
rewrite (le_trans (normD _ _)) // (le_trans (ler_add (normD _ _) (lexx _))) // norm_tr.
rewrite (le_trans (ler_add (ler_add vv SHv) SHv)) //.
by rewrite -addrA -splitr mulr_natl mulr2n expr2.
Qed.

Lemma eigenprojector_y :
  norm (⟨y, y⟩^-1 *: (y *m y^T) - A)
    <= 8%:R * norm v ^+ 2 * (1 + norm v ^+ 2) * reach ^+ 2 * norm H ^+ 2.
Proof.
set bound := (X in _ <= X).
have yE : y = v + z by rewrite addrC subrK.
have vz : ⟨v, z⟩ = 0 by rewrite frobBr vy unit_v subrr.
have [D DE D_le] : exists2 D, D = z - S *m H *m v
    & norm D <= 2%:R * norm v * reach ^+ 2 * norm H ^+ 2.
  by exists (z - S *m H *m v) => //; apply: eigenvector_first_order.
have z_le : norm z <= 2%:R * norm v * reach * norm H := eigenvector_close.
move: z yE vz DE z_le => w yE vw DE w_le.
have q_ge0 : 0 <= ⟨w, w⟩ by do 2!apply: sumr_ge0 => ? _; rewrite -expr2 sqr_ge0.
have yy : ⟨y, y⟩ = 1 + ⟨w, w⟩.
  by rewrite yE frobDl !frobDr [⟨w, v⟩]frobC vw unit_v addr0 add0r.
have yy_ge1 : 1 <= ⟨y, y⟩ by rewrite yy ler_addl.
have yy_gt0 : 0 < ⟨y, y⟩ := lt_le_trans ltr01 yy_ge1.
have -> : ⟨y, y⟩^-1 *: (y *m y^T) - A
    = ⟨y, y⟩^-1 *: (D *m v^T + (D *m v^T)^T + w *m w^T - ⟨w, w⟩ *: A).
  rewrite -[A in LHS]scale1r -(mulVf (lt0r_neq0 yy_gt0)) -scalerA -scalerBr; congr (_ *: _).
  rewrite yy scalerDl scale1r opprD addrA; congr (_ - _).
  have -> : y *m y^T = v *m v^T + w *m v^T + (w *m v^T)^T + w *m w^T.
    rewrite yE [(v + w)^T]linearD /= mulmxDl !mulmxDr trmx_mul trmxK.
    by rewrite addrA; congr (_ + _); rewrite addrAC.
  have -> : D *m v^T = w *m v^T - S *m H *m v *m v^T by rewrite DE mulmxBl.
  rewrite /A; move: (v *m v^T) (w *m v^T) (S *m H *m v *m v^T) (w *m w^T) => a b c d.
  apply/matrixP=> i j; rewrite !mxE.
  by move: (a i j) (b i j) (b j i) (c i j) (c j i) (d i j) => *; ring.
rewrite normZ gtr0_norm ?invr_gt0 // ler_pdivr_mull //.
have bound_ge0 : 0 <= bound.
  by do !(apply: sqr_ge0 || apply: ler0n || apply: ler01 || apply: mulr_ge0 || apply: addr_ge0).
apply: (@le_trans _ _ bound); last by rewrite ler_pemull.
have Dv : norm (D *m v^T) <= 2%:R * norm v * reach ^+ 2 * norm H ^+ 2 * norm v.
  by rewrite normM_le // norm_tr.
have zz : norm w * norm w <= (2%:R * norm v * reach * norm H) ^+ 2.
  by rewrite expr2 ler_pmul ?norm_ge0.
have zz' : norm (w *m w^T) <= (2%:R * norm v * reach * norm H) ^+ 2.
  by rewrite (le_trans (normM _ _)) // norm_tr.
have zA : norm (⟨w, w⟩ *: A) <= (2%:R * norm v * reach * norm H) ^+ 2 * (2%:R * norm v ^+ 2).
  by rewrite normZ ler_pmul ?norm_ge0 // (le_trans (norm_frob _ _)).
rewrite (le_trans (normB _ _)) //.
rewrite (le_trans (ler_add (le_trans (normD _ _) (ler_add (normD _ _) zz')) zA)) // norm_tr.
rewrite (le_trans (ler_add (ler_add (ler_add Dv Dv) (lexx _)) (lexx _))) //.
by rewrite le_eqVlt /bound; apply/orP; left; apply/eqP; ring.
Qed.

End Bounds.

(** The eigenprojector u uᵀ/⟨u, u⟩ is P + R H P + P H R with P = v vᵀ, up to O(‖H‖²). *)
Theorem eigenprojector_first_order H x u :
  nearby H x -> H^T = H -> (X + H) *m u = x *: u -> u != 0 ->
  norm (⟨u, u⟩^-1 *: (u *m u^T) - v *m v^T - (S *m H *m (v *m v^T) + v *m v^T *m H *m S))
    <= 8%:R * norm v ^+ 2 * (1 + norm v ^+ 2) * reach ^+ 2 * norm H ^+ 2.
Proof.
move=> near symH eig u_neq0; have vu := eigenvector_leans near eig u_neq0.
pose y := ⟨v, u⟩^-1 *: u.
have eigy : (X + H) *m y = x *: y by rewrite -scalemxAr eig !scalerA mulrC.
have vy : ⟨v, y⟩ = 1 by rewrite frobZr mulVf.
have uE : u = ⟨v, u⟩ *: y by rewrite scalerA mulfV // scale1r.
have -> : ⟨u, u⟩^-1 *: (u *m u^T) = ⟨y, y⟩^-1 *: (y *m y^T).
  rewrite uE; move: ⟨v, u⟩ vu => a a_neq0.
  rewrite frobZl frobZr [(a *: y)^T]linearZ /= -scalemxAl -scalemxAr.
  by rewrite !scalerA !invfM; congr (_ *: _); rewrite [a^-1 * (_ / _)]mulrC mulfVK // mulrAC mulVf // mul1r.
have := eigenprojector_y near eigy vy; rewrite -addrA opprD addrA.
have -> : v *m v^T *m H *m S = (S *m H *m v *m v^T)^T; last by rewrite mulmxA.
by rewrite !trmx_mul trmxK symH resolvent_sym // !mulmxA.
Qed.

End Perturbation.
